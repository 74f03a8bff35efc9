// What `globalThis` is in the code under test: the replaced globals, and behind them the real ones.
//
// Writes stay in the instance. A name that the code makes up (`globalThis.x = 1`) is found as `globalThis.x` only, not
// as `x`: names without a declaration are looked up where the program is compiled, which all instances share. A name
// assigned without a declaration (`x = 1` in sloppy CommonJS) therefore goes to the real globals, as anywhere in Node.

import vm from "node:vm";
import { assert } from "../../errors.ts";

/** Node refuses some getters (`crypto`) to any object but the real one: these read it there. */
const BEHIND = behind();

function behind(): object {
  const object: object = Object.create(globalThis);
  for (const [key, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
    if (get === undefined) continue;
    function setHere(this: object, value: unknown): void {
      Object.defineProperty(this, key, { value, writable: true, configurable: true, enumerable: true });
    }
    Object.defineProperty(object, key, {
      get: () => Reflect.get(globalThis, key),
      ...(set === undefined ? {} : { set: setHere }),
      configurable: true,
    });
  }
  return object;
}

export type GlobalObject = Record<string, unknown>;

/** These are the object itself. */
const OWN_NAMES = new Set(["globalThis", "global"]);

type MakeGlobal = (behind: object, globals: object) => GlobalObject;

/** Makes the `globalThis` of each instance that is asked for it. All have the same names: one shape, made at once. */
export class Globals {
  /** Those of the names that can be parameters: code finds them without `globalThis`. */
  readonly parameters: readonly string[];
  readonly #names: readonly string[];
  readonly #make: MakeGlobal;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.parameters = names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && !OWN_NAMES.has(name));
    // A literal defines its properties: assigning them one by one would call the setters behind, and takes ten times as long.
    const properties = names.map((name) => `${JSON.stringify(name)}: globals[${JSON.stringify(name)}]`);
    this.#make = vm.compileFunction(`return { __proto__: behind, ${properties.join(", ")} };`, [
      "behind",
      "globals",
    ]) as MakeGlobal;
  }

  /** The values of `parameters`. */
  argumentsOf(globals: Readonly<Record<string, unknown>>): unknown[] {
    const missing = this.#names.find((name) => !(name in globals));
    assert(missing === undefined, `every instance has the same globals: ${missing}`);
    return this.parameters.map((name) => globals[name]);
  }

  make(globals: Readonly<Record<string, unknown>>): GlobalObject {
    const object = this.#make(BEHIND, globals);
    object.globalThis = object;
    object.global = object;
    return object;
  }
}

// What `globalThis` is in the code under test: the replaced globals, and behind them the real ones.
//
// Writes stay in the instance. A name that the code makes up (`globalThis.x = 1`) is found as `globalThis.x` only, not
// as `x`: names without a declaration are looked up where the program is compiled, which all instances share. A name
// assigned without a declaration (`x = 1` in sloppy CommonJS) therefore goes to the real globals, as anywhere in Node.

/** Node refuses some getters (`crypto`) to any object but the real one: these read it there. */
const BEHIND = behind();

function behind(): object {
  const object: object = Object.create(globalThis);
  for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
    if (get === undefined) continue;
    Object.defineProperty(object, key, {
      get: () => Reflect.get(globalThis, key),
      set(this: object, value: unknown) {
        Object.defineProperty(this, key, { value, writable: true, configurable: true, enumerable: true });
      },
      configurable: true,
    });
  }
  return object;
}

export type GlobalObject = Record<string, unknown>;

export function globalObject(globals: Readonly<Record<string, unknown>>): GlobalObject {
  const object = Object.create(BEHIND) as GlobalObject;
  object.globalThis = object;
  object.global = object;
  for (const name of Object.keys(globals)) object[name] = globals[name];
  return object;
}

/** The names under which code finds them without `globalThis`: those that can be parameters. */
export function parameterNames(globals: Readonly<Record<string, unknown>>): string[] {
  const names = new Set([...Object.keys(globals), "globalThis", "global"]);
  return [...names].filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
}

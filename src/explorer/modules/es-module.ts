// An ES module in an instance, and the ways in which others see it.
//
// Its exports are variables of a function, read by closures. What it must not have is a property with a getter of its
// own: the engine keeps those where they hold on to the whole instance until the next full collection, and thousands
// of instances a second would pile up. So a namespace is a proxy, and where code only says `x.name` (nearly all
// imports are such) it is given an object whose getters are the same for all instances.

import vm from "node:vm";
import type { Namespace } from "./interop.ts";

/** Reads the exported variables; may throw, as an access to a variable that has no value yet does. */
export type Readers = Record<string, () => unknown>;

export class EsModule {
  /** Set by the compiled code (`__export`) before anything else of it runs. */
  readers: Readers = {};
  state: "running" | "done" | "failed" = "running";
  error: unknown;
  /** What `require` gives, once it was asked for. */
  required: unknown;
  /** What must be done once it has run: for cycles. */
  after: (() => void)[] | undefined;
  #namespace: Namespace | undefined;
  #members: object | undefined;

  /** What `import * as x` gives. */
  get namespace(): Namespace {
    this.#namespace ??= namespaceOf(this.readers);
    return this.#namespace;
  }

  /** For code that uses nothing but members. `members` are those of the file; undefined while names may be missing. */
  membersBy(members: Members | undefined): object {
    if (members === undefined) return this.namespace;
    this.#members ??= members.of(this);
    return this.#members;
  }
}

export function namespaceOf(readers: Readers): Namespace {
  return new Proxy(readers, NAMESPACE) as unknown as Namespace;
}

/** The readers behind a namespace, to hand on in `export * from`. Undefined for one of CommonJS or of a builtin. */
export function readersOf(target: object): Readers | undefined {
  return (target as { [READERS]?: Readers })[READERS];
}

/** From what was imported for its members to the namespace. */
export function wholeOf(target: object): object {
  return (target as { [MODULE]?: EsModule })[MODULE]?.namespace ?? target;
}

const READERS = Symbol("readers");
const MODULE = Symbol("module");

/** As Node's module namespaces are. */
const NAMESPACE: ProxyHandler<Readers> = {
  get(readers, key) {
    if (typeof key === "string") return Object.hasOwn(readers, key) ? readers[key]?.() : undefined;
    return key === READERS ? readers : key === Symbol.toStringTag ? "Module" : undefined;
  },
  ownKeys: (readers) => Object.keys(readers).sort(),
  has: (readers, key) => Object.hasOwn(readers, key) || key === Symbol.toStringTag,
  // An assignment ends here too.
  defineProperty: () => false,
  deleteProperty: (readers, key) => !Object.hasOwn(readers, key),
  getPrototypeOf: () => null,
  setPrototypeOf: (_, prototype) => prototype === null,
  preventExtensions: () => false,
  getOwnPropertyDescriptor(readers, key) {
    if (typeof key !== "string" || !Object.hasOwn(readers, key)) return undefined;
    // A proxy may not say "not configurable" of what its target has as configurable.
    return { value: readers[key]?.(), writable: true, enumerable: true, configurable: true };
  },
};

type MadeMembers = new (module: EsModule) => object;

/** Objects with a getter for each export of one file. */
export class Members {
  readonly #names: readonly string[];
  readonly #made: MadeMembers;

  constructor(names: readonly string[]) {
    this.#names = names;
    const getters = names.map((name) => {
      const key = JSON.stringify(name);
      return `[${key}]: { get() { return this[READERS][${key}](); } }`;
    });
    // A constructor: a literal with `__proto__` would take several times as long to make.
    const code = `function Members(module) { this[READERS] = module.readers; this[MODULE] = module; }
      Members.prototype = Object.create(null, { ${getters.join(", ")} }); return Members;`;
    this.#made = vm.compileFunction(code, ["READERS", "MODULE"])(READERS, MODULE) as MadeMembers;
  }

  /** Whether they are the members of such a module too: `export * from` may add other names in each instance. */
  areOf(readers: Readers): boolean {
    const names = Object.keys(readers);
    return names.length === this.#names.length && names.every((name, index) => name === this.#names[index]);
  }

  of(module: EsModule): object {
    return new this.#made(module);
  }
}

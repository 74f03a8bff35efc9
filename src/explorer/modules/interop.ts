// What an `import` sees of CommonJS and of builtins, and a `require` of an ES module: as Node has it, not as bundlers do.

import { createRequire, isBuiltin } from "node:module";
import vm from "node:vm";
import { type EsModule, namespaceOf, type Readers, readersOf, wholeOf } from "./es-module.ts";

const require = createRequire(import.meta.url);

/** What `import * as x` gives. */
export type Namespace = Record<string, unknown>;

/** The prototype of namespaces that were taken from an object. */
const NAMESPACE = Object.freeze(Object.create(null, { [Symbol.toStringTag]: { value: "Module" } }));

/** The key under which a CommonJS module's own `module.exports` is among the names that it exports. */
const WHOLE = "module.exports";

/** The builtins that have another in them, which has no less power: `fs`, `timers`, `stream`, `readline`, `dns`. */
const PROMISES = "promises";

/** Above this, names are copied one by one. */
const MAX_LITERAL_NAMES = 500;

/** Makes a namespace of an object with these names. */
interface Shape {
  readonly names: readonly string[];
  readonly make: (prototype: object, exports: unknown) => Namespace;
}

/**
 * Namespaces as they are taken from CommonJS modules and builtins: the names and values of a moment. Node keeps them as
 * they were when the module had run, whatever is put into `exports` later. `default` is always the object itself.
 */
export class Snapshots {
  readonly #shapes = new Map<string, Shape>();

  /** `name` says from where: objects of the same name mostly have the same properties, and are copied faster. */
  ofBuiltin(name: string, face: unknown): Namespace {
    const names = isObject(face) ? Object.keys(face) : [];
    return this.#take(`node:${name}`, names, face) ?? filled(names, face);
  }

  ofCommonJs(file: string, exports: unknown): Namespace {
    const names = [...namesOf(exports), WHOLE];
    return this.#take(file, names, exports) ?? filled(names, exports);
  }

  ofJson(value: unknown): Namespace {
    return filled([], value);
  }

  #take(key: string, names: readonly string[], exports: unknown): Namespace | undefined {
    if (names.length > MAX_LITERAL_NAMES) return undefined;
    let shape = this.#shapes.get(key);
    if (shape === undefined || !same(shape.names, names)) {
      shape = shapeOf(names);
      this.#shapes.set(key, shape);
    }
    try {
      return shape.make(NAMESPACE, exports);
    } catch {
      // A getter has thrown: the others still count.
      return undefined;
    }
  }
}

function namesOf(exports: unknown): string[] {
  if (!isObject(exports) || Array.isArray(exports)) return [];
  const names = Object.keys(exports);
  // Mostly defined so that it is not found among the others.
  if (Object.hasOwn(exports, "__esModule") && !names.includes("__esModule")) names.push("__esModule");
  return names;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function shapeOf(names: readonly string[]): Shape {
  const properties = names
    .filter((name) => name !== "default" && name !== WHOLE)
    .map((name) => `[${JSON.stringify(name)}]: exports[${JSON.stringify(name)}],`);
  if (names.includes(WHOLE)) properties.push(`[${JSON.stringify(WHOLE)}]: exports,`);
  const code = `return { __proto__: prototype, ${properties.join(" ")} default: exports };`;
  return { names, make: vm.compileFunction(code, ["prototype", "exports"]) as Shape["make"] };
}

/**
 * A namespace of a builtin for many instances. What of it can be patched, `default` and the promise forms, is given out by
 * `give` whenever it is looked at, and never kept here.
 */
export function lastingNamespace(name: string, face: unknown, give: (builtin: string) => unknown): Namespace {
  const namespace = filled(isObject(face) ? Object.keys(face) : [], face);
  const given = (builtin: string): PropertyDescriptor => ({
    get: () => give(builtin),
    enumerable: true,
    configurable: true,
  });
  if (isObject(namespace[PROMISES])) Object.defineProperty(namespace, PROMISES, given(`${name}/${PROMISES}`));
  return Object.defineProperty(namespace, "default", given(name));
}

function filled(names: readonly string[], exports: unknown): Namespace {
  const namespace = Object.create(NAMESPACE) as Namespace;
  fill(namespace, names, exports);
  return namespace;
}

function fill(namespace: Namespace, names: readonly string[], exports: unknown): void {
  for (const name of names) namespace[name] = name === WHOLE ? exports : valueAt(exports, name);
  namespace.default = exports;
}

/** Whether Node's own builtin exports the name: what is simulated of it may have less. */
export function builtinExports(builtin: string, name: string): boolean {
  const specifier = `node:${builtin}`;
  if (!isBuiltin(specifier)) return false;
  const face: unknown = require(specifier);
  return isObject(face) && Object.hasOwn(face, name);
}

/** `module.syncBuiltinESMExports`: brings what was taken of a builtin up to date. */
export function refreshBuiltin(namespace: Namespace, face: unknown): void {
  for (const name of isObject(face) ? Object.keys(face) : []) {
    Object.defineProperty(namespace, name, {
      value: valueAt(face, name),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}

/** The same for a CommonJS module that was imported, in a cycle, before it had run. */
export function refreshCommonJs(namespace: Namespace, exports: unknown): void {
  fill(namespace, [...namesOf(exports), WHOLE], exports);
}

/** What `require` gives for an ES module that has run. */
export function requiredFace(module: EsModule): unknown {
  const { readers } = module;
  if (Object.hasOwn(readers, WHOLE)) return readers[WHOLE]?.();
  if (!Object.hasOwn(readers, "default") || Object.hasOwn(readers, "__esModule")) return module.namespace;
  return namespaceOf({ ...readers, __esModule: () => true });
}

/** `export * from`: all names but `default` that the module does not export itself. */
export function exportAll(module: EsModule, from: object): void {
  const theirs: Readers | undefined = readersOf(from);
  for (const name of Object.keys(theirs ?? from)) {
    if (name === "default" || Object.hasOwn(module.readers, name)) continue;
    module.readers[name] = theirs?.[name] ?? (() => (from as Namespace)[name]);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function valueAt(object: unknown, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** esbuild's helpers, by their names in compiled code. `__reExport` belongs to the module: see `instance.ts`. */
export const HELPERS: Readonly<Record<string, unknown>> = {
  __create: Object.create,
  __defProp: Object.defineProperty,
  __getOwnPropDesc: Object.getOwnPropertyDescriptor,
  __getOwnPropNames: Object.getOwnPropertyNames,
  __getProtoOf: Object.getPrototypeOf,
  __hasOwnProp: Object.prototype.hasOwnProperty,
  __export(module: EsModule, readers: Readers): void {
    module.readers = readers;
  },
  __toESM: wholeOf,
};

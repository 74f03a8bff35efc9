// What an `import` sees of a module, and a `require` of an ES module: as Node has it, not as bundlers do.

/** The prototype of all namespaces. */
const NAMESPACE = Object.freeze(Object.create(null, { [Symbol.toStringTag]: { value: "Module" } }));

/** What `import * as x` gives: its getters read the module's own variables. */
export type Namespace = Record<string, unknown>;

export function emptyNamespace(): Namespace {
  return Object.create(NAMESPACE) as Namespace;
}

/** The key under which a CommonJS module's own `module.exports` is among the names that it exports. */
const WHOLE = "module.exports";

/**
 * Takes the names that a CommonJS module exports at this moment: Node keeps them as they were when the module had run,
 * whatever is put into `exports` later. `default` is always `module.exports` itself.
 */
export function fillFromCommonJs(namespace: Namespace, exports: unknown): void {
  if (isObject(exports) && !Array.isArray(exports)) {
    for (const key of Object.keys(exports)) namespace[key] = valueAt(exports, key);
    if (Object.hasOwn(exports, "__esModule")) namespace.__esModule = valueAt(exports, "__esModule");
  }
  namespace.default = exports;
  namespace[WHOLE] = exports;
}

/** As it is for the builtins of Node: the names are those of the object. Also brings them up to date. */
export function fillFromBuiltin(namespace: Namespace, face: unknown): void {
  if (isObject(face)) for (const key of Object.keys(face)) namespace[key] = valueAt(face, key);
  namespace.default = face;
}

/** What `require` gives for an ES module. */
export function requiredFace(namespace: Namespace): unknown {
  if (Object.hasOwn(namespace, WHOLE)) return namespace[WHOLE];
  if (!Object.hasOwn(namespace, "default") || Object.hasOwn(namespace, "__esModule")) return namespace;
  const face = emptyNamespace();
  for (const key of Object.keys(namespace)) {
    Object.defineProperty(face, key, { get: () => namespace[key], enumerable: true });
  }
  face.__esModule = true;
  return face;
}

/** `export * from`: all names but `default` that the module does not export itself. */
export function exportAll(target: Namespace, from: Namespace): void {
  for (const key of Object.keys(from)) {
    if (key === "default" || Object.hasOwn(target, key)) continue;
    const property = Object.getOwnPropertyDescriptor(from, key);
    if (property !== undefined) Object.defineProperty(target, key, property);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function valueAt(object: Record<string, unknown>, key: string): unknown {
  try {
    return object[key];
  } catch {
    return undefined;
  }
}

/** esbuild's helpers, by their names in compiled code. */
export const HELPERS: Readonly<Record<string, unknown>> = {
  __create: Object.create,
  __defProp: Object.defineProperty,
  __getOwnPropDesc: Object.getOwnPropertyDescriptor,
  __getOwnPropNames: Object.getOwnPropertyNames,
  __getProtoOf: Object.getPrototypeOf,
  __hasOwnProp: Object.prototype.hasOwnProperty,
  __export(target: object, all: Record<string, () => unknown>): void {
    for (const [name, get] of Object.entries(all)) Object.defineProperty(target, name, { get, enumerable: true });
  },
  // `require` in an ES module gives the namespace already.
  __toESM: (namespace: unknown) => namespace,
  __toCommonJS: (namespace: unknown) => namespace,
};

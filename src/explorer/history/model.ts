// What a history is held against: an object that does one operation after the other, as its users think of it.

/** What passes between threads and into files unchanged. */
export type PlainData =
  | undefined
  | null
  | boolean
  | number
  | string
  | readonly PlainData[]
  | { readonly [key: string]: PlainData };

/** What one operation does to the object. Without `output` whatever came back is right. */
export interface ModelStep<State> {
  readonly state: State;
  readonly output?: PlainData;
}

/**
 * A sequential object. States are plain data and never changed: `step` returns new ones.
 *
 *     const counter: Model<number> = {
 *       init: 0,
 *       step: (state, name) => (name === "increment" ? { state: state + 1 } : { state, output: state }),
 *     };
 */
export interface Model<State extends PlainData> {
  readonly init: State;
  /** Does one operation. Throws for an operation that the object does not have. */
  step(state: State, name: string, input: PlainData): ModelStep<State>;
  /** Whether what came back is as good as what the model gives. Default: the same data. */
  equal?(expected: PlainData, actual: PlainData, name: string): boolean;
  /** Operations with different keys must not depend on each other: each key is checked for itself, which is far cheaper. */
  partition?(operation: { readonly name: string; readonly input: PlainData }): string;
}

/** Text that is the same for the same data, whatever the order of keys. */
export function plainKey(value: PlainData): string {
  if (value === undefined) return "undefined";
  if (typeof value === "number") return Object.is(value, -0) ? "0" : String(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(plainKey).join(",")}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${plainKey(value[key])}`).join(",")}}`;
}

function isList(value: object): value is readonly PlainData[] {
  return Array.isArray(value);
}

/** Where in `value` something is that is not plain data: `Buffer`, `function at .callback`; undefined when all of it is. */
export function notPlain(value: unknown, depth = 0): string | undefined {
  if (value === undefined || value === null || ["boolean", "number", "string"].includes(typeof value)) return undefined;
  if (typeof value !== "object") return typeof value;
  if (depth > 100) return "data nested deeper than 100 levels";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && !isPlainPrototype(prototype)) {
    return (value as { constructor?: { name?: string } }).constructor?.name ?? "object of a class";
  }
  for (const [key, part] of Object.entries(value)) {
    const found = notPlain(part, depth + 1);
    if (found !== undefined) return `${found} at .${key}`;
  }
  return undefined;
}

/** `Object.prototype` of any realm: scenario processes may have globals of their own. */
function isPlainPrototype(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "hasOwnProperty");
}

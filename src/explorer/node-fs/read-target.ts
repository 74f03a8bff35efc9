// Where the bytes of a `read` go: the arguments of `read`, which each form takes in a way of its own.

import { isView, type Options, positionOf, type View, validInteger, validObject, validView } from "./arguments.ts";

export interface Target {
  readonly view: View;
  readonly offset: number;
  readonly length: number;
  readonly position: number | null;
}

interface Fields {
  readonly buffer: unknown;
  readonly offset: unknown;
  readonly length: unknown;
  readonly position: unknown;
}

const ROOM = 16384;

/** `(buffer, offset, length, position)`, `(buffer, options)` or `(options)`, upon a handle. */
export function targetOfHandle(given: readonly unknown[]): Target {
  const [buffer, offset, length, position] = given;
  let fields: Fields = { buffer, offset, length, position };
  if (!isView(buffer)) fields = fieldsOf(undefined, nullable(buffer));
  else if (typeof offset === "object" && offset !== null) fields = fieldsOf(buffer, offset as Options);
  const { byteLength } = validView(fields.buffer);
  return targetOf({ ...fields, length: fields.length ?? byteLength - Number(fields.offset ?? 0) });
}

/** The same without a promise; without any argument too. */
export function targetOfCallback(given: readonly unknown[]): Target {
  const [buffer, offset, length, position] = given;
  if (given.length === 0) return targetOf(fieldsOf(undefined, {}));
  if (given.length === 1)
    return targetOf(isView(buffer) ? fieldsOf(buffer, {}) : fieldsOf(undefined, nullable(buffer)));
  if (given.length === 2) return targetOf(fieldsOf(buffer, nullable(offset)));
  return targetOf({ buffer, offset, length, position });
}

/** `(buffer, offset, length, position)` or `(buffer, options)`. */
export function targetOfSync(given: readonly unknown[]): Target {
  const [buffer, offset, length, position] = given;
  validView(buffer);
  const named = given.length <= 2 || typeof offset === "object";
  const fields = named ? fieldsOf(buffer, nullable(offset)) : { buffer, offset, length, position };
  if (fields.offset === null) validInteger(null, "offset", 0);
  return targetOf(fields);
}

function nullable(options: unknown): Options {
  return options === undefined || options === null ? {} : validObject(options, "options");
}

function fieldsOf(given: View | unknown, options: Options): Fields {
  const { buffer = given ?? Buffer.alloc(ROOM), offset = 0, position = null } = options;
  const to = given === undefined ? buffer : given;
  const { byteLength = 0 } = isView(to) ? to : {};
  const { length = byteLength - Number(offset) } = options;
  return { buffer: to, offset, length, position };
}

function targetOf({ buffer, offset, length, position }: Fields): Target {
  const view = validView(buffer);
  const from = offset === undefined || offset === null ? 0 : validInteger(offset, "offset", 0);
  const count = Number(length) | 0;
  return { view, offset: from, length: count, position: positionOf(position, count) };
}

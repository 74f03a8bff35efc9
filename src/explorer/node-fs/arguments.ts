// The checks that Node makes of the arguments of its file functions, in Node's words.

import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { AbortError, coded, notSimulated, outOfRange, wrongType, wrongValue } from "./node-error.ts";

export type Options = Readonly<Record<string, unknown>>;

const NO_OPTIONS: Options = {};

/** The path as the kernel gets it. */
export function pathOf(given: unknown, name = "path"): string {
  let path = given;
  if (typeof path !== "string") {
    if (isUrl(path)) path = fileURLToPath(path);
    else if (types.isUint8Array(path)) return pathOfBytes(path, name);
    else throw wrongType(name, "of type string or an instance of Buffer or URL", given);
  }
  const text = path as string;
  if (text.includes("\0")) {
    throw wrongValue(name, given, "must be a string, Uint8Array, or URL without null bytes");
  }
  return text;
}

function isUrl(value: unknown): value is URL {
  if (typeof value !== "object" || value === null) return false;
  const { href, protocol, auth, path } = value as Record<string, unknown>;
  return Boolean(href && protocol) && auth === undefined && path === undefined;
}

function pathOfBytes(bytes: Uint8Array, name: string): string {
  if (bytes.includes(0)) {
    throw wrongValue(name, bytes, "must be a string, Uint8Array, or URL without null bytes");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notSimulated("A path that is not UTF-8", "give the file a name in UTF-8.");
  }
}

export function validInteger(
  value: unknown,
  name: string,
  least = Number.MIN_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== "number") throw wrongType(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
  return value;
}

const INT32_MAX = 2147483647;
const UINT32_MAX = 4294967295;

export function validInt32(value: unknown, name: string, least = -2147483648): number {
  return validInteger(value, name, least, INT32_MAX);
}

export function validUint32(value: unknown, name: string, least = 0): number {
  return validInteger(value, name, least, UINT32_MAX);
}

export function validFd(value: unknown): number {
  return validInteger(value, "fd", 0, INT32_MAX) + 0;
}

/** A path that is a descriptor already, as the whole-file functions take it. */
export function isFd(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

export function validUserId(value: unknown, name: string): number {
  return validInteger(value, name, -1, UINT32_MAX);
}

export function validBoolean(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") throw wrongType(name, "of type boolean", value);
  return value;
}

// biome-ignore lint/complexity/noBannedTypes: any function is what is asked for
export function validFunction(value: unknown, name: string): Function {
  if (typeof value !== "function") throw wrongType(name, "of type function", value);
  return value;
}

export function validObject(value: unknown, name: string): Options {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrongType(name, "of type object", value);
  return value as Options;
}

export function validOneOf(value: unknown, name: string, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return;
  const shown = allowed.map((one) => (typeof one === "string" ? `'${one}'` : String(one))).join(", ");
  throw wrongValue(name, value, `must be one of: ${shown}`);
}

export function modeOf(value: unknown, name: string, otherwise?: number): number {
  let mode = value ?? otherwise;
  if (typeof mode === "string") {
    if (!/^[0-7]+$/.test(mode)) {
      throw wrongValue(name, mode, "must be a 32-bit unsigned integer or an octal string");
    }
    mode = Number.parseInt(mode, 8);
  }
  return validUint32(mode, name);
}

/** Options given as an object, as the name of an encoding, or not at all. */
export function optionsOf(given: unknown, defaults: Options = NO_OPTIONS): Options {
  if (given === undefined || given === null || typeof given === "function") return defaults;
  let options: Options;
  if (typeof given === "string") options = { ...defaults, encoding: given };
  else if (typeof given === "object") options = given as Options;
  else throw wrongType("options", "one of type string or object", given);
  const { encoding, signal } = options;
  if (encoding !== "buffer") validEncoding(encoding);
  if (signal !== undefined) validSignal(signal);
  return options;
}

export function validEncoding(encoding: unknown): void {
  if (encoding && !Buffer.isEncoding(encoding as string)) {
    throw wrongValue("encoding", encoding, "is invalid encoding");
  }
}

export function validSignal(signal: unknown, name = "options.signal"): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof signal !== "object" || signal === null || !("aborted" in signal)) {
    throw wrongType(name, "an instance of AbortSignal", signal);
  }
  return signal as AbortSignal;
}

export function refuseAborted(signal: unknown): void {
  if ((signal as AbortSignal | undefined)?.aborted) throw new AbortError((signal as AbortSignal).reason);
}

export type View = NodeJS.ArrayBufferView;

export function isView(value: unknown): value is View {
  return ArrayBuffer.isView(value);
}

export function bytesOf(view: View): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export function validView(value: unknown, name = "buffer"): View {
  if (!isView(value)) throw wrongType(name, "an instance of Buffer, TypedArray, or DataView", value);
  return value;
}

export function validViews(value: unknown): View[] {
  if (!Array.isArray(value) || !value.every(isView)) throw wrongType("buffers", "an ArrayBufferView[]", value);
  return value;
}

export function validText(value: unknown, name: string): string {
  if (typeof value !== "string") {
    throw wrongType(name, "of type string or an instance of Buffer, TypedArray, or DataView", value);
  }
  return value;
}

/** Where to read or write: null is the descriptor's own place. */
export function positionOf(value: unknown, length: number): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") validInteger(value, "position", -1);
  else if (typeof value === "bigint") {
    const most = 2n ** 63n - 1n - BigInt(length);
    if (value < -1n || value > most) throw outOfRange("position", `>= -1 && <= ${most}`, value);
  } else throw wrongType("position", "of type bigint or integer", value);
  return value < 0 ? null : Number(value);
}

/** Seconds since 1970 of a time as `utimes` takes it; undefined is now, which only the clock knows. */
export function secondsOf(time: unknown, name = "time"): number | undefined {
  if (typeof time === "string" && String(Number(time)) === time) return Number(time);
  if (typeof time === "number" && Number.isFinite(time)) return time < 0 ? undefined : time;
  if (types.isDate(time)) return time.getTime() / 1000;
  throw wrongType(name, "an instance of Date or an Time in seconds", time);
}

export function methodMissing(name: string): Error {
  return coded(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The ${name} method is not implemented`);
}

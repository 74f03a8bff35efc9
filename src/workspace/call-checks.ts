// What a program may call the SDK with. TypeScript says so too; programs without it are told here, before anything is
// done, and with a code.

import { HoldfastError } from "../errors.ts";

/** What an option may be. All may be left out or undefined. */
export type Kind = keyof typeof KINDS;

const KINDS = {
  /** Of which names are allowed, the rules of names say more. */
  name: { is: isString, means: "a text" },
  text: { is: isText, means: "a well-formed text" },
  textOrNull: { is: (value: unknown) => value === null || isText(value), means: "a text or null" },
  texts: { is: (value: unknown) => Array.isArray(value) && value.every(isText), means: "a list of texts" },
  count: { is: isCount, means: "a whole number from 0 on" },
  version: {
    is: (value: unknown) => (isCount(value) && value > 0) || (isText(value) && value !== ""),
    means: "a version's number, its entry id, or the start of one",
  },
  tags: {
    is: (value: unknown) => isPlain(value) && Object.values(value).every(isText),
    means: "an object whose values are texts",
  },
  takeOver: { is: (value: unknown) => value === "refuse" || value === "allow", means: '"refuse" or "allow"' },
  flag: { is: (value: unknown) => typeof value === "boolean", means: "true or false" },
  object: { is: isPlain, means: "an object" },
  signal: { is: (value: unknown) => value instanceof AbortSignal, means: "an AbortSignal" },
  callback: { is: (value: unknown) => typeof value === "function", means: "a function" },
} as const satisfies Record<string, { is: (value: unknown) => boolean; means: string }>;

/** Throws `BAD_OPTION` unless `value` is a text. */
export function checkName(what: string, value: unknown): asserts value is string {
  if (!isString(value)) throw badOption(what, value, KINDS.name.means);
}

/** Throws `BAD_OPTION` unless `value` is a well-formed text. */
export function checkText(what: string, value: unknown): asserts value is string {
  if (!isText(value)) throw badOption(what, value, KINDS.text.means);
}

/** Throws `BAD_OPTION` unless `options` is an object and those of its values that `kinds` names are what they should be. */
export function checkOptions(call: string, options: unknown, kinds: Readonly<Record<string, Kind>>): void {
  if (!isPlain(options)) throw badOption(`the options of ${call}`, options, "an object");
  for (const [name, kind] of Object.entries(kinds)) {
    const value = options[name];
    if (value !== undefined && !KINDS[kind].is(value)) {
      throw badOption(`the option \`${name}\` of ${call}`, value, KINDS[kind].means);
    }
  }
}

/** Content as it can be saved. Throws `BAD_OPTION`; a stream that gives something else than bytes fails so on the way. */
export function checkContent(content: unknown): Uint8Array | string | AsyncIterable<Uint8Array> {
  if (content instanceof Uint8Array || isText(content)) return content;
  if (typeof content === "object" && content !== null && Symbol.asyncIterator in content) {
    return bytesOf(content as AsyncIterable<unknown>);
  }
  throw badOption("the content", content, "a Uint8Array, a well-formed text, or a stream of Uint8Arrays");
}

async function* bytesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (chunk instanceof Uint8Array) yield chunk;
    else if (isText(chunk)) yield Buffer.from(chunk);
    else throw badOption("a piece of the content", chunk, "a Uint8Array");
  }
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isText(value: unknown): value is string {
  // What is not well-formed would be saved as something else than what was given.
  return typeof value === "string" && value.isWellFormed();
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function badOption(what: string, value: unknown, wanted: string): HoldfastError {
  return new HoldfastError("BAD_OPTION", `${what} is ${shown(value)}`, { hint: `Give ${wanted}.` });
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object of another kind";
  return typeof value === "function" ? "a function" : String(value);
}

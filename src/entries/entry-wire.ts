// What is in a block's body: short keys, hashes as bytes, links as CIDs (CBOR tag 42), and the rules that a body obeys.

import { cids } from "./cbor.ts";
import type { Author, Content, EntryBody, EntryId } from "./entry.ts";
import { badEntry, cidOf, parseEntryId } from "./entry-id.ts";
import { checkArtifactName, checkCollection } from "./names.ts";

/** Parents in one entry at the most: bounds what one entry can make a reader do. */
export const MAX_PARENTS = 1_024;
export const MAX_TAGS = 64;
const FORMAT = 1;

/** Throws `BAD_NAME`, `BAD_ENTRY`. */
export function checkBody(body: EntryBody): void {
  checkCollection(body.collection);
  checkArtifactName(body.collection, body.name);
  if (body.from !== undefined) checkArtifactName(body.collection, body.from);
  if ((body.kind === "rename") !== (body.from !== undefined)) throw badEntry("a rename, and only a rename, has `from`");
  if ((body.kind === "delete") !== (body.content === null))
    throw badEntry("a delete, and only a delete, has no content");
  if (body.parents.length > MAX_PARENTS) throw badEntry(`it has ${body.parents.length} parents, over ${MAX_PARENTS}`);
  if (Object.keys(body.tags).length > MAX_TAGS) throw badEntry(`it has more than ${MAX_TAGS} tags`);
  for (const [tag, value] of Object.entries(body.tags)) text(value, `tag ${tag}`);
  if (body.content !== null) text(body.content.type, "content type");
  if (body.mode !== undefined && body.mode !== 0o755) throw badEntry(`its mode is ${body.mode}, not 0o755`);
}

export function toWire(body: EntryBody, author: Author): Record<string, unknown> {
  const { content } = body;
  const wire: Record<string, unknown> = {
    v: FORMAT,
    collection: body.collection,
    name: body.name,
    kind: body.kind,
    content: content && { hash: Buffer.from(content.hash, "hex"), size: content.size, type: content.type },
    parents: body.parents.map(cidOf),
    author: Buffer.from(author, "hex"),
    clock: [body.clock.wallMs, body.clock.counter],
    tags: body.tags,
    key: [body.key.writer, body.key.n],
  };
  if (body.doc !== undefined) wire.doc = body.doc === null ? null : cidOf(body.doc);
  if (body.base !== undefined) wire.base = body.base === null ? null : cidOf(body.base);
  if (body.from !== undefined) wire.from = body.from;
  if (body.mode !== undefined) wire.mode = body.mode;
  return wire;
}

/** Throws `BAD_NAME`, `BAD_ENTRY`. */
export function fromWire(wire: unknown): { body: EntryBody; author: Author } {
  const map = record(wire, "body");
  if (map.v !== FORMAT) throw badEntry(`its format is ${String(map.v)}, and this program reads ${FORMAT}`);
  const kind = map.kind;
  if (kind !== "put" && kind !== "delete" && kind !== "rename") throw badEntry(`its kind "${String(kind)}" is unknown`);
  const [wallMs, counter] = pair(map.clock, "clock");
  const [writer, n] = pair(map.key, "key");
  const tags: Record<string, string> = {};
  for (const [tag, value] of Object.entries(record(map.tags, "tags"))) tags[tag] = text(value, `tag ${tag}`);
  const body: EntryBody = {
    collection: text(map.collection, "collection"),
    name: text(map.name, "name"),
    kind,
    content: map.content === null ? null : contentFromWire(map.content),
    parents: list(map.parents, "parents").map(link),
    clock: { wallMs: count(wallMs, "clock"), counter: count(counter, "clock") },
    tags,
    key: { writer: text(writer, "key"), n: count(n, "key") },
    ...(map.doc === undefined ? {} : { doc: map.doc === null ? null : link(map.doc) }),
    ...(map.base === undefined ? {} : { base: map.base === null ? null : link(map.base) }),
    ...(map.from === undefined ? {} : { from: text(map.from, "from") }),
    ...(map.mode === undefined ? {} : { mode: count(map.mode, "mode") }),
  };
  checkBody(body);
  return { body, author: Buffer.from(bytes(map.author, "author", 32)).toString("hex") };
}

function contentFromWire(wire: unknown): Content {
  const map = record(wire, "content");
  return {
    hash: Buffer.from(bytes(map.hash, "content hash", 32)).toString("hex"),
    size: count(map.size, "content size"),
    type: text(map.type, "content type"),
  };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (
    typeof value !== "object" ||
    value === null ||
    Array.isArray(value) ||
    value instanceof Uint8Array ||
    cids().asCID(value)
  ) {
    throw badEntry(`its ${what} is not a map`);
  }
  return value as Record<string, unknown>;
}
function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badEntry(`its ${what} is not a list`);
  return value;
}
function pair(value: unknown, what: string): readonly [unknown, unknown] {
  const [first, second, ...rest] = list(value, what);
  if (second === undefined || rest.length > 0) throw badEntry(`its ${what} is not a pair`);
  return [first, second];
}
function text(value: unknown, what: string): string {
  if (typeof value !== "string") throw badEntry(`its ${what} is not text`);
  return value;
}
function count(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw badEntry(`its ${what} is not a number from 0`);
  }
  return value;
}
function bytes(value: unknown, what: string, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw badEntry(`its ${what} is not ${length} bytes`);
  return value;
}
function link(value: unknown): EntryId {
  const cid = cids().asCID(value);
  if (cid === null) throw badEntry("a link in it is not a CID");
  return parseEntryId(cid.toString());
}

// The entry: the one record that flows through Holdfast. Start here.
//
// An entry is one version of one artifact: a saved file, a note on a topic, a program's output. It is immutable, encoded
// as canonical CBOR (DAG-CBOR), named by the hash of its bytes (CIDv1, dag-cbor, sha2-256) and signed by its author
// (Ed25519). On the wire and on disk an entry is its *block*: the two-element CBOR array [body, signature]. The
// signature covers SIGNING_CONTEXT followed by the body's exact bytes.

import { createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";
import { promisify } from "node:util";
import { assert, HoldfastError } from "../errors.ts";
import { type CID, cids, decode, encode } from "./cbor.ts";
import type { Identity } from "./identity.ts";
import { checkArtifactName, checkCollection } from "./names.ts";

declare const entryIdBrand: unique symbol;
/** A CIDv1 in base32 (`bafyrei...`), 59 characters. */
export type EntryId = string & { readonly [entryIdBrand]: true };

/** 64 lower-case hex digits: the sha-256 of some content. */
export type ContentHash = string;

/** An Ed25519 public key as 64 lower-case hex digits. */
export type Author = string;

export interface Content {
  readonly hash: ContentHash;
  /** Bytes. */
  readonly size: number;
  /** A media type; `inode/directory` and `inode/symlink` (content = the link's target) are used by folders. */
  readonly type: string;
}

/** Hybrid logical time: the wall clock in milliseconds, and a counter that orders what happened within one of them. */
export interface ClockReading {
  readonly wallMs: number;
  readonly counter: number;
}

/** Names one act of writing, so that a retry of it is recognised: the writer's id and the writer's own counter. */
export interface IdempotencyKey {
  readonly writer: string;
  readonly n: number;
}

export type EntryKind = "put" | "delete" | "rename";

/** What an author says; `makeEntry` adds the author, the signature and the id. */
export interface EntryBody {
  readonly collection: string;
  /** For a rename: the new name. */
  readonly name: string;
  readonly kind: EntryKind;
  /** Null for a delete. A rename repeats the content it carries along. */
  readonly content: Content | null;
  /** The entries this one was made from, newest knowledge of its author first. */
  readonly parents: readonly EntryId[];
  readonly clock: ClockReading;
  readonly tags: Readonly<Record<string, string>>;
  readonly key: IdempotencyKey;
  /** The document that this entry is a version of: the id of its first entry; null for that first entry itself.
   *  Absent where an artifact has no identity beyond its name. */
  readonly doc?: EntryId | null;
  /** The head that the author took this entry to replace; null: there was none. Absent: replaces whatever is there. */
  readonly base?: EntryId | null;
  /** Only in a rename: the old name. */
  readonly from?: string;
  /** Permission bits worth keeping; only 0o755 (executable) is ever written. */
  readonly mode?: number;
}

export interface Entry extends EntryBody {
  readonly id: EntryId;
  readonly author: Author;
  /** The canonical bytes that `id` is the hash of. */
  readonly block: Uint8Array;
}

/** Parents in one entry at the most: bounds what one entry can make a reader do. */
export const MAX_PARENTS = 1_024;
/** Bytes of one block at the most. */
export const MAX_BLOCK_BYTES = 256 * 1_024;
export const MAX_TAGS = 64;

const SIGNING_CONTEXT = Buffer.from("holdfast entry 1\n");
const FORMAT = 1;
const SIGNATURE_BYTES = 64;
// A two-element CBOR array, and the header of a 64-byte byte string: what stands before the body and the signature.
const ARRAY_OF_TWO = 0x82;
const SIGNATURE_HEADER = Buffer.from([0x58, SIGNATURE_BYTES]);
const TAIL_BYTES = SIGNATURE_HEADER.length + SIGNATURE_BYTES;
const DAG_CBOR = 0x71;
const SHA2_256 = 0x12;
const DIGEST_BYTES = 32;
const ID_PREFIX = Uint8Array.of(1, DAG_CBOR, SHA2_256, DIGEST_BYTES);
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** The id of a block: CIDv1, dag-cbor, sha2-256, in base32 without padding, behind the `b` that says so. */
export function entryIdOf(block: Uint8Array): EntryId {
  let id = "b";
  let bits = 0;
  let held = 0;
  for (const part of [ID_PREFIX, hash("sha256", block, "buffer")]) {
    for (const byte of part) {
      held = ((held << 8) | byte) & 0xfff;
      for (bits += 8; bits >= 5; bits -= 5) id += BASE32[(held >> (bits - 5)) & 31];
    }
  }
  return (id + BASE32[(held << (5 - bits)) & 31]) as EntryId;
}

/** Throws `BAD_ENTRY` unless `text` is an entry id in its one canonical spelling. */
export function parseEntryId(text: string): EntryId {
  return cidOf(text).toString() as EntryId;
}

/** Makes, signs and names an entry. Throws `BAD_NAME` or `BAD_ENTRY` when the body breaks a rule. */
export function makeEntry(body: EntryBody, identity: Identity): Entry {
  checkBody(body);
  const bodyBytes = encode(toWire(body, identity.author));
  const signature = sign(null, Buffer.concat([SIGNING_CONTEXT, bodyBytes]), identity.privateKey);
  assert(signature.length === SIGNATURE_BYTES, "an Ed25519 signature is 64 bytes");
  const block = Buffer.concat([Buffer.of(ARRAY_OF_TWO), bodyBytes, SIGNATURE_HEADER, signature]);
  if (block.length > MAX_BLOCK_BYTES) throw badEntry(`it is ${block.length} bytes, over ${MAX_BLOCK_BYTES}`);
  const id = entryIdOf(block);
  verified.add(id);
  return { ...body, id, author: identity.author, block };
}

/**
 * Reads a block. Throws `BAD_ENTRY` when it is not the canonical encoding of a well-formed entry, `BAD_SIGNATURE` when
 * its author did not sign it; so a block with one bit flipped anywhere is refused.
 */
export function readEntry(block: Uint8Array): Entry {
  const entry = decodeEntry(block);
  verifyEntry(entry);
  return entry;
}

/** As `readEntry`, with the signature checked on another thread: for many blocks at once. */
export async function readEntryAside(block: Uint8Array): Promise<Entry> {
  const entry = decodeEntry(block);
  if (verified.has(entry.id)) return entry;
  const { signed, signature } = signedParts(entry);
  if (!(await verifyAside(null, signed, publicKeyOf(entry.author), signature))) throw badSignature(entry);
  verified.add(entry.id);
  return entry;
}

/** Reads a block that this process or this disk vouches for, without checking the signature. Throws `BAD_ENTRY`. */
export function decodeEntry(block: Uint8Array): Entry {
  if (block.length > MAX_BLOCK_BYTES) throw badEntry(`it is ${block.length} bytes, over ${MAX_BLOCK_BYTES}`);
  const bodyEnd = block.length - TAIL_BYTES;
  if (bodyEnd < 2 || block[0] !== ARRAY_OF_TWO) throw badEntry("it is not an array of body and signature");
  if (block[bodyEnd] !== SIGNATURE_HEADER[0] || block[bodyEnd + 1] !== SIGNATURE_HEADER[1]) {
    throw badEntry("its signature is not 64 bytes");
  }
  const bodyBytes = block.subarray(1, bodyEnd);
  let wire: unknown;
  try {
    wire = decode(bodyBytes);
  } catch (error) {
    throw badEntry("its body is not DAG-CBOR", error);
  }
  const { body, author } = fromWire(wire);
  // One content, one id: a block that says the same in other bytes is not an entry.
  if (!Buffer.from(bodyBytes).equals(encode(toWire(body, author)))) throw badEntry("its body is not in canonical form");
  return { ...body, author, id: entryIdOf(block), block };
}

/** Throws `BAD_SIGNATURE` unless the author named in the entry signed it. */
export function verifyEntry(entry: Entry): void {
  if (verified.has(entry.id)) return;
  const { signed, signature } = signedParts(entry);
  if (!verify(null, signed, publicKeyOf(entry.author), signature)) throw badSignature(entry);
  verified.add(entry.id);
}

const verifyAside = promisify(verify);

function signedParts(entry: Entry): { signed: Uint8Array; signature: Uint8Array } {
  const bodyEnd = entry.block.length - TAIL_BYTES;
  return {
    signed: Buffer.concat([SIGNING_CONTEXT, entry.block.subarray(1, bodyEnd)]),
    signature: entry.block.subarray(bodyEnd + SIGNATURE_HEADER.length),
  };
}

function badSignature(entry: Entry): HoldfastError {
  return new HoldfastError("BAD_SIGNATURE", `entry ${entry.id} is not signed by its author ${entry.author}`, {
    hint: "The entry was forged or damaged on its way; fetch it again from its source.",
  });
}

/** The signature of `bytes` under `context` is by `author`. */
export function verifyBytes(author: Author, signed: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, signed, publicKeyOf(author), signature);
}

// An id is the hash of body and signature, so a pair that was checked once needs no second check. Bounded: two
// generations, the older is dropped when the younger is full.
class RecentIds {
  private readonly limit: number;
  private young = new Set<EntryId>();
  private old = new Set<EntryId>();
  constructor(limit: number) {
    this.limit = limit;
  }
  has(id: EntryId): boolean {
    return this.young.has(id) || this.old.has(id);
  }
  add(id: EntryId): void {
    this.young.add(id);
    if (this.young.size >= this.limit) {
      this.old = this.young;
      this.young = new Set();
    }
  }
}
const verified = new RecentIds(8_192);

const publicKeys = new Map<Author, KeyObject>();
const MAX_CACHED_KEYS = 1_024;
function publicKeyOf(author: Author): KeyObject {
  let key = publicKeys.get(author);
  if (key === undefined) {
    const x = Buffer.from(author, "hex").toString("base64url");
    try {
      key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    } catch (error) {
      throw badEntry("its author is not an Ed25519 public key", error);
    }
    if (publicKeys.size >= MAX_CACHED_KEYS) publicKeys.clear();
    publicKeys.set(author, key);
  }
  return key;
}

function badEntry(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("BAD_ENTRY", `not an entry: ${why}`, {
    hint: "It was damaged or made by another program; fetch it again from its source.",
    cause,
  });
}

function cidOf(id: string): CID {
  let cid: CID;
  try {
    cid = cids().parse(id);
  } catch (error) {
    throw badEntry(`"${id.slice(0, 80)}" is not an entry id`, error);
  }
  if (cid.version !== 1 || cid.code !== DAG_CBOR || cid.multihash.code !== SHA2_256) {
    throw badEntry(`"${id.slice(0, 80)}" is not a CIDv1 of dag-cbor and sha2-256`);
  }
  return cid;
}

function checkBody(body: EntryBody): void {
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

// The wire form: short keys, hashes as bytes, links as CIDs (CBOR tag 42).
function toWire(body: EntryBody, author: Author): Record<string, unknown> {
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

function fromWire(wire: unknown): { body: EntryBody; author: Author } {
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

// The entry: the one record that flows through Holdfast. Start here.
//
// An entry is one version of one artifact: a saved file, a note on a topic, a program's output. It is immutable, encoded
// as canonical CBOR (DAG-CBOR), named by the hash of its bytes (CIDv1, dag-cbor, sha2-256) and signed by its author
// (Ed25519). On the wire and on disk an entry is its *block*: the two-element CBOR array [body, signature]. The
// signature covers SIGNING_CONTEXT followed by the body's exact bytes.

import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { promisify } from "node:util";
import { assert, HoldfastError } from "../errors.ts";
import { decode, encode } from "./cbor.ts";
import { badEntry, entryIdOf } from "./entry-id.ts";
import { checkBody, fromWire, toWire } from "./entry-wire.ts";
import type { Identity } from "./identity.ts";
import { Recent } from "./recent.ts";

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

/** Bytes of one block at the most. */
export const MAX_BLOCK_BYTES = 256 * 1_024;

const SIGNING_CONTEXT = Buffer.from("holdfast entry 1\n");
const SIGNATURE_BYTES = 64;
// A two-element CBOR array, and the header of a 64-byte byte string: what stands before the body and the signature.
const ARRAY_OF_TWO = 0x82;
const SIGNATURE_HEADER = Buffer.from([0x58, SIGNATURE_BYTES]);
const TAIL_BYTES = SIGNATURE_HEADER.length + SIGNATURE_BYTES;

/** Makes, signs and names an entry. Throws `BAD_NAME` or `BAD_ENTRY` when the body breaks a rule. */
export function makeEntry(body: EntryBody, identity: Identity): Entry {
  checkBody(body);
  const bodyBytes = encode(toWire(body, identity.author));
  const signature = sign(null, Buffer.concat([SIGNING_CONTEXT, bodyBytes]), identity.privateKey);
  assert(signature.length === SIGNATURE_BYTES, "an Ed25519 signature is 64 bytes");
  const block = Buffer.concat([Buffer.of(ARRAY_OF_TWO), bodyBytes, SIGNATURE_HEADER, signature]);
  if (block.length > MAX_BLOCK_BYTES) throw badEntry(`it is ${block.length} bytes, over ${MAX_BLOCK_BYTES}`);
  const id = entryIdOf(block);
  verified.set(id, true);
  const entry = { ...body, id, author: identity.author, block };
  decoded.set(id, entry);
  return entry;
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
  if (verified.get(entry.id) === true) return entry;
  const { signed, signature } = signedParts(entry);
  if (!(await verifyAside(null, signed, publicKeyOf(entry.author), signature))) throw badSignature(entry);
  verified.set(entry.id, true);
  return entry;
}

/** Reads a block that this process or this disk vouches for, without checking the signature. Throws `BAD_ENTRY`. */
export function decodeEntry(block: Uint8Array): Entry {
  if (block.length > MAX_BLOCK_BYTES) throw badEntry(`it is ${block.length} bytes, over ${MAX_BLOCK_BYTES}`);
  const id = entryIdOf(block);
  const known = decoded.get(id);
  if (known !== undefined) return known;
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
  // A copy: the block may be a piece of a page that is a thousand times as long.
  const entry = { ...body, author, id, block: Buffer.from(block) };
  decoded.set(id, entry);
  return entry;
}

/** Throws `BAD_SIGNATURE` unless the author named in the entry signed it. */
export function verifyEntry(entry: Entry): void {
  if (verified.get(entry.id) === true) return;
  const { signed, signature } = signedParts(entry);
  if (!verify(null, signed, publicKeyOf(entry.author), signature)) throw badSignature(entry);
  verified.set(entry.id, true);
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

// An id is the hash of body and signature: what was found out about it once is true of the same bytes for ever. An entry
// is met several times on its way, by those who save, send, number and lay out, and decoding it takes longer than hashing.
const verified = new Recent<true>(8_192);
const decoded = new Recent<Entry>(2_048);

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

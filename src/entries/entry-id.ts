// Entry ids: CIDv1, dag-cbor, sha2-256.

import { hash } from "node:crypto";
import { HoldfastError } from "../errors.ts";
import { type CID, cids } from "./cbor.ts";
import type { EntryId } from "./entry.ts";

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

/** Throws `BAD_ENTRY`. */
export function cidOf(id: string): CID {
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

export function badEntry(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("BAD_ENTRY", `not an entry: ${why}`, {
    hint: "It was damaged or made by another program; fetch it again from its source.",
    cause,
  });
}

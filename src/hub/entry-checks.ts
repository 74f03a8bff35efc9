// What a hub checks of an append before any storage sees it: shape, signatures, authors, names, sizes, contents' hashes.

import { hash } from "node:crypto";
import { decode } from "@ipld/dag-cbor";
import { turnGiver } from "../coordination/index.ts";
import { type Author, type ContentHash, type Entry, readEntry } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { badRequest } from "./http-failure.ts";
import type { AppendRequest, HubLimits } from "./protocol.ts";
import type { Batch } from "./storage.ts";

/** Throws `BAD_REQUEST` unless `bytes` are an append; `TOO_LARGE` when it is too many. */
export function readAppend(bytes: Uint8Array, limits: HubLimits): AppendRequest {
  let body: unknown;
  try {
    body = decode(bytes);
  } catch {
    throw badRequest("the body is not DAG-CBOR");
  }
  if (!isMap(body) || !Array.isArray(body.entries) || !body.entries.every(isBytes)) {
    throw badRequest("the body is not a map with `entries`, a list of blocks");
  }
  const contents = body.contents ?? {};
  if (!isMap(contents) || !Object.values(contents).every(isBytes)) {
    throw badRequest("`contents` is not a map from hashes to bytes");
  }
  if (body.entries.length > limits.batchEntries) {
    throw tooLarge(`${body.entries.length} entries in one append are too many`, limits.batchEntries, {});
  }
  return { entries: body.entries as Uint8Array[], contents: contents as Record<ContentHash, Uint8Array> };
}

/** Throws what is wrong with the first bad entry (`details.index`) or content. */
export async function checkAppend(
  request: AppendRequest,
  authors: ReadonlySet<Author>,
  limits: HubLimits,
): Promise<Batch> {
  // A thousand signatures take a while, and other requests wait for them.
  const giveTurn = turnGiver();
  const entries: Entry[] = [];
  const wanted = new Set<ContentHash>();
  for (const [index, block] of request.entries.entries()) {
    const entry = readAt(block, index);
    checkEntry(entry, index, authors, limits);
    entries.push(entry);
    if (entry.content !== null) wanted.add(entry.content.hash);
    await giveTurn();
  }
  const contents = new Map<ContentHash, Uint8Array>();
  for (const [name, bytes] of Object.entries(request.contents)) {
    if (bytes.length > limits.inlineBytes) {
      throw tooLarge("a content this large does not travel inside an append", limits.inlineBytes, { hash: name });
    }
    if (hash("sha256", bytes) !== name) {
      throw new HoldfastError("VERIFY_FAILED", `a content does not hash to ${name.slice(0, 64)}`, {
        hint: "It was damaged or changed while it was sent; read it again and send it again.",
        details: { hash: name.slice(0, 64) },
      });
    }
    // What no entry speaks of is not kept.
    if (wanted.has(name)) contents.set(name, bytes);
    await giveTurn();
  }
  return { entries, contents };
}

function readAt(block: Uint8Array, index: number): Entry {
  try {
    return readEntry(block);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const { code, message, hint, details } = error;
    throw new HoldfastError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      details: { ...details, index },
      cause: error,
    });
  }
}

function checkEntry(entry: Entry, index: number, authors: ReadonlySet<Author>, limits: HubLimits): void {
  const at = { index, id: entry.id };
  if (!authors.has(entry.author)) {
    throw new HoldfastError("NOT_AUTHOR", `${entry.author} is not a registered author of this token`, {
      hint: "Register the key with this token first (POST /v1/keys).",
      details: at,
    });
  }
  const isNote = entry.collection.startsWith("notes/");
  // A folder may hold a file with any name, but a topic or a note is shown to people as text.
  if (isNote && /[\u0000-\u001f\u007f-\u009f]/.test(entry.collection + entry.name)) {
    throw new HoldfastError("BAD_NAME", "a topic or note has control characters in its name", {
      hint: "Use letters, digits and punctuation.",
      details: at,
    });
  }
  const limit = isNote ? limits.noteBytes : limits.fileBytes;
  if (entry.content !== null && entry.content.size > limit) {
    throw tooLarge(`a ${isNote ? "note" : "file"} of ${entry.content.size} bytes is too large`, limit, at);
  }
}

function tooLarge(message: string, limit: number, details: Record<string, unknown>): HoldfastError {
  return new HoldfastError("TOO_LARGE", `${message}; the limit is ${limit}`, {
    hint: "Send it in smaller pieces, or leave it out.",
    details: { limit, ...details },
  });
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
}

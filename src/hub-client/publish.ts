// Publishing a note: saved here first, then sent; the answer names its place in the hub's order.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Entry, type EntryId, notesOf } from "../entries/index.ts";
import { HoldfastError, isHoldfastError } from "../errors.ts";
import type { Store } from "../store/index.ts";
import type { HubApi } from "./hub-api.ts";
import type { SyncDb } from "./sync-db.ts";

/** How long an unreachable hub is tried, for all that one publishing asks of it together, ms. */
const RETRY_FOR_MS = 30_000;
const RETRY_EVERY_MS = 500;

export interface PublishParts {
  readonly store: Store;
  readonly db: SyncDb;
  readonly api: HubApi;
  readonly topic: string;
  readonly text: string;
  /** Names this act of publishing: repeated with the same key, it is the same note. Default: a new one. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

/**
 * Throws `HUB_UNREACHABLE` after 30 s without an answer (the note is saved and goes with the next sync), `TOO_LARGE`,
 * `BAD_NAME`, and what else the hub answers.
 */
export async function publishNote(parts: PublishParts): Promise<{ sequence: number; entry: EntryId }> {
  const { store, db, api, topic, text } = parts;
  const collection = notesOf(topic);
  const name = parts.key ?? randomUUID();
  const bytes = Buffer.from(text);
  const giveUpAt = performance.now() + RETRY_FOR_MS;
  const { noteBytes } = (await answered(() => api.workspace(), giveUpAt, parts.signal)).limits;
  if (bytes.length > noteBytes) {
    throw new HoldfastError("TOO_LARGE", `the note is ${bytes.length} bytes; the hub takes ${noteBytes}`, {
      hint: "Put long content into a file, or split the note.",
    });
  }
  const staged = store.staging.stageBytes(bytes);
  let entry: Entry | undefined;
  try {
    const [record] = await store.write(
      [
        {
          collection,
          name,
          kind: "put",
          content: { at: staged, type: "text/markdown" },
          key: { writer: `note ${name}`, n: 1 },
        },
      ],
      parts.signal === undefined ? {} : { signal: parts.signal },
    );
    entry = record?.entry;
  } finally {
    store.staging.discard(staged.dir);
  }
  if (entry === undefined) throw new HoldfastError("INTERNAL", "a note was not saved");
  const { block, id } = entry;
  const response = await answered(() => api.append([{ block, content: bytes }]), giveUpAt, parts.signal);
  const first = response.results[0];
  if (first === undefined) throw new HoldfastError("HUB_ERROR", "the hub did not say where the note stands");
  db.transaction(() => db.markSequenced(id, first.sequence));
  return { sequence: first.sequence, entry: first.id };
}

/** Repeats `call` while the hub cannot be reached; safe, because what it sends is recognised by its key. */
async function answered<T>(call: () => Promise<T>, giveUpAt: number, signal: AbortSignal | undefined): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isHoldfastError(error, "HUB_UNREACHABLE") || performance.now() > giveUpAt) throw error;
      await pause(RETRY_EVERY_MS, undefined, signal === undefined ? {} : { signal });
    }
  }
}

// Publishing a note: saved here first, then sent; the answer names its place in the hub's order.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Entry, type EntryId, notesOf } from "../entries/index.ts";
import { HoldfastError, isHoldfastError } from "../errors.ts";
import { DEFAULT_LIMITS } from "../hub/protocol.ts";
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
  /** How long an unreachable hub is tried, ms. Default 30 s. */
  readonly retryForMs?: number;
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
  const giveUpAt = performance.now() + (parts.retryForMs ?? RETRY_FOR_MS);
  const { noteBytes, silence } = await noteLimit(api, giveUpAt, parts.signal);
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
  if (silence !== undefined) throw kept(silence);
  const { block, id } = entry;
  const response = await answered(() => api.append([{ block, content: bytes }]), giveUpAt, parts.signal).catch(
    (error) => {
      throw isHoldfastError(error, "HUB_UNREACHABLE") ? kept(error) : error;
    },
  );
  const first = response.results[0];
  if (first === undefined) throw new HoldfastError("HUB_ERROR", "the hub did not say where the note stands");
  db.transaction(() => db.markSequenced(id, first.sequence));
  return { sequence: first.sequence, entry: first.id };
}

/** What the hub takes; what hubs take as a rule, with the reason, when it does not answer: the note is saved all the same. */
async function noteLimit(
  api: HubApi,
  giveUpAt: number,
  signal: AbortSignal | undefined,
): Promise<{ noteBytes: number; silence?: HoldfastError }> {
  try {
    return (await answered(() => api.workspace(), giveUpAt, signal)).limits;
  } catch (error) {
    if (!isHoldfastError(error, "HUB_UNREACHABLE")) throw error;
    return { noteBytes: DEFAULT_LIMITS.noteBytes, silence: error };
  }
}

function kept(silence: HoldfastError): HoldfastError {
  return new HoldfastError("HUB_UNREACHABLE", silence.message, {
    hint: "The note is kept and goes with the next sync, or at once where the folder is up: do not publish it again.",
    ...(silence.details === undefined ? {} : { details: silence.details }),
    cause: silence,
  });
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

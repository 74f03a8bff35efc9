// Pushing: one batch from the outbox to the hub.
//
// "Sent" is what the hub says, entry by entry; a batch that was cut off in the middle of its answer is sent again and
// recognised by its keys. Nothing here clears a mark that a newer save could have set: the rows of exactly the entries
// that the hub numbered are removed, and a newer save is another row.

import { turnGiver } from "../coordination/index.ts";
import type { EntryId } from "../entries/index.ts";
import { HoldfastError, isHoldfastError, toHoldfastError } from "../errors.ts";
import type { AppendResponse, Conflict, HubLimits } from "../hub/protocol.ts";
import { readContent, type Store, type VersionRecord, verifiedContent } from "../store/index.ts";
import { counted } from "./counted.ts";
import type { HubApi, Outgoing } from "./hub-api.ts";
import { backOff, markStale, nextBatch, stopLane, type Unsent } from "./outbox.ts";
import type { SyncDb } from "./sync-db.ts";

export interface PushParts {
  readonly store: Store;
  readonly db: SyncDb;
  readonly api: HubApi;
  readonly limits: HubLimits;
  /** Told of bytes of contents on their way. */
  readonly onBytes?: (bytes: number) => void;
  /** Told of documents that the hub has taken, inside the transaction that records it. */
  readonly onAccepted: (entry: VersionRecord["entry"], sequence: number) => void;
}

export type PushOutcome =
  | { readonly kind: "idle" }
  | { readonly kind: "sent"; readonly entries: number }
  /** Some lanes want a pull first. */
  | { readonly kind: "stale"; readonly lanes: readonly string[] }
  | { readonly kind: "failed"; readonly error: HoldfastError };

/** Failures of a request, or of this machine, that say nothing about the entries in it. */
const PASSING: ReadonlySet<string> = new Set([
  "DISK_ERROR",
  "DISK_FULL",
  "FOLDER_GONE",
  "HUB_ERROR",
  "HUB_UNREACHABLE",
  "INTERNAL",
  "INTERRUPTED",
  "LOCK_TIMEOUT",
  "RATE_LIMITED",
  "READ_ONLY",
  "TOO_MANY_OPEN_FILES",
]);
/** Failures that concern this copy's right to write, not one entry. */
const PAUSING: ReadonlySet<string> = new Set(["UNAUTHORIZED", "NOT_AUTHOR"]);

/** True when the hub refused an entry for what it is: the others can go on without it. */
export function isEntryFault(error: HoldfastError): boolean {
  return !PASSING.has(error.code) && !PAUSING.has(error.code);
}

/** Sends what may be sent now. */
export async function pushBatch(parts: PushParts): Promise<PushOutcome> {
  const { db, limits } = parts;
  const batch = nextBatch(db, Date.now(), { entries: limits.batchEntries, inlineBytes: limits.inlineBytes });
  if (batch.length === 0) return { kind: "idle" };
  const lanes = new Set(batch.map((row) => row.lane));
  try {
    const { prepared, response } = await send(parts, batch);
    if (response === undefined) return { kind: "sent", entries: 0 };
    db.transaction(() => {
      for (const [index, { record, row }] of prepared.entries()) {
        const sequence = response.results[index]?.sequence;
        if (sequence === undefined) continue;
        db.markSequenced(record.entry.id, sequence);
        db.run("DELETE FROM lanes WHERE lane = ?", row.lane);
        parts.onAccepted(record.entry, sequence);
      }
      db.clearError();
    });
    return { kind: "sent", entries: prepared.length };
  } catch (thrown) {
    const error = toHoldfastError(thrown);
    db.recordError(error.code, error.message);
    return settleFailure(db, batch, lanes, error);
  }
}

/** A rename's content is at the hub already, as a rule: it is sent along only when the hub says that it lacks it. */
async function send(
  parts: PushParts,
  batch: readonly Unsent[],
): Promise<{ prepared: Prepared[]; response: AppendResponse | undefined }> {
  const append = async (lacking: ReadonlySet<string>): ReturnType<typeof send> => {
    const prepared = await prepare(parts, batch, lacking);
    if (prepared.length === 0) return { prepared, response: undefined };
    return { prepared, response: await parts.api.append(prepared.map(({ outgoing }) => outgoing)) };
  };
  try {
    return await append(new Set());
  } catch (error) {
    const missing = isHoldfastError(error, "CONTENT_MISSING") ? error.details?.missing : undefined;
    if (!Array.isArray(missing)) throw error;
    return append(new Set(missing as string[]));
  }
}

function settleFailure(db: SyncDb, batch: readonly Unsent[], lanes: Set<string>, error: HoldfastError): PushOutcome {
  if (error.code === "STALE_BASE" || error.code === "PATH_TAKEN") {
    const conflicts = (error.details?.conflicts ?? []) as readonly Conflict[];
    const laneById = new Map(batch.map((row) => [row.entry, row.lane]));
    const stale = new Set(conflicts.map(({ id }) => laneById.get(id as EntryId)).filter((lane) => lane !== undefined));
    if (stale.size === 0) for (const lane of lanes) stale.add(lane);
    markStale(db, stale, error.message);
    return { kind: "stale", lanes: [...stale] };
  }
  // A content that the hub said it has went in between: the next try asks again, and brings it along (FILE-11).
  if (PASSING.has(error.code) || PAUSING.has(error.code) || error.code === "CONTENT_MISSING") {
    backOff(db, lanes, error.message, Date.now());
    return { kind: "failed", error };
  }
  // The hub refused one entry for what it is: its lane stops and is shown, the others go on.
  const index = Number(error.details?.index ?? 0);
  const culprit = batch[index];
  if (culprit !== undefined) stopLane(db, culprit.lane, `${error.code}: ${error.message}`);
  // It blames an entry that it was not sent: nothing is known of these, and asking again at once would be for ever.
  else backOff(db, lanes, error.message, Date.now());
  return { kind: "failed", error };
}

interface Prepared {
  readonly row: Unsent;
  readonly record: { readonly entry: VersionRecord["entry"] };
  readonly outgoing: Outgoing;
}

/** Reads blocks and small contents, and brings large contents to the hub first. */
async function prepare(
  { store, db, api, limits, onBytes }: PushParts,
  batch: readonly Unsent[],
  lacking: ReadonlySet<string>,
): Promise<Prepared[]> {
  const catalog = await store.readyCatalog();
  const prepared: Prepared[] = [];
  const held = await knownAtHub(api, batch, limits);
  const giveTurn = turnGiver();
  for (const row of batch) {
    await giveTurn();
    const entry = catalog.entryById(row.entry);
    if (entry === undefined) {
      // Its version was deleted before it was ever sent: there is nothing to tell anybody.
      db.run("DELETE FROM unsent WHERE entry = ?", row.entry);
      continue;
    }
    let content: Uint8Array | undefined;
    const isAlong = entry.kind === "rename" && !lacking.has(entry.content?.hash ?? "");
    if (entry.content !== null && !held.has(entry.content.hash) && !isAlong) {
      const holder = catalog.contentOf(entry.collection, entry.content.hash);
      if (holder === undefined) {
        stopLane(db, row.lane, `the content of ${entry.name} is not in the store any more`);
        continue;
      }
      try {
        if (entry.content.size > limits.fileBytes) {
          throw new HoldfastError(
            "TOO_LARGE",
            `${entry.name} is ${entry.content.size} bytes; the hub takes ${limits.fileBytes}`,
            {
              hint: "The file is left alone here and is not sent; keep it out with .holdfastignore.",
            },
          );
        }
        if (entry.content.size > limits.inlineBytes) {
          await api.upload(entry.content.hash, entry.content.size, (offset) =>
            counted(skip(verifiedContent(store.layout, holder), offset), onBytes),
          );
        } else {
          content = await readContent(store.layout, holder);
          onBytes?.(content.length);
        }
      } catch (error) {
        if (!isHoldfastError(error) || !isEntryFault(error)) throw error;
        stopLane(db, row.lane, `${error.code}: ${error.message}`);
        db.recordError(error.code, error.message);
        continue;
      }
      held.add(entry.content.hash);
    }
    prepared.push({
      row,
      record: { entry },
      outgoing: { block: entry.block, ...(content === undefined ? {} : { content }) },
    });
  }
  // A lane that was stopped on the way sends none of its entries: a later one would not stand on its parent.
  const stopped = new Set(
    db.all<{ lane: string }>("SELECT lane FROM lanes WHERE state = 'stopped'").map(({ lane }) => lane),
  );
  return prepared.filter(({ row }) => !stopped.has(row.lane));
}

/** Large contents that need not travel because the hub has them already. */
async function knownAtHub(api: HubApi, batch: readonly Unsent[], limits: HubLimits): Promise<Set<string>> {
  const large = [...new Set(batch.filter((row) => row.size > limits.inlineBytes).map((row) => row.content))].filter(
    (content) => content !== null,
  );
  if (large.length === 0) return new Set();
  const missing = new Set(await api.missing(large));
  return new Set(large.filter((content) => !missing.has(content)));
}

async function* skip(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield left > 0 ? chunk.subarray(left) : chunk;
    left = Math.max(0, left - chunk.length);
  }
}

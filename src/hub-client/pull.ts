// Pulling: one page of what is new at the hub, taken into the store, and then the cursor moved past it.
//
// The store comes first and knows entries by id, so a page that was cut off half-way is simply taken in again: what is
// there already is passed over (HUB-14), and large contents that came whole are not fetched again. The cursor moves in the
// same transaction as everything that the page says.

import { type Entry, type EntryId, readEntry, readEntryAside, topicOf } from "../entries/index.ts";
import { HoldfastError, isHoldfastError } from "../errors.ts";
import type { HubLimits, Page, PageEntry } from "../hub/protocol.ts";
import type { Incoming, StagedContent, Store } from "../store/index.ts";
import { counted } from "./counted.ts";
import { downloadWhole } from "./download.ts";
import type { HubApi } from "./hub-api.ts";
import { isSubscribed, layOutNotes, recordNotes } from "./notes.ts";
import type { SyncDb } from "./sync-db.ts";

export interface Sequenced {
  readonly entry: Entry;
  readonly sequence: number;
}

export interface PullParts {
  readonly store: Store;
  readonly db: SyncDb;
  readonly api: HubApi;
  readonly limits: HubLimits;
  /** Told, inside the transaction that moves the cursor, of the documents' entries in a page; all are in the store. */
  readonly onDocuments: (entries: readonly Sequenced[]) => void;
  /** Told of bytes of contents that came. */
  readonly onBytes?: (bytes: number) => void;
}

const PAGE_ENTRIES = 1_000;
/** Contents received and not yet in the store, bytes: a cut loses no more than that, and staging needs no more room. */
const ADOPT_AT_BYTES = 32 * 1_024 * 1_024;

/** A page that was asked for before its turn. */
export interface PageAhead {
  readonly since: number;
  readonly page: Promise<Page>;
}

/**
 * Takes in one page; while it does, the next is on its way (`ahead`, for the next call). Returns how many entries of others
 * it brought, whether there is more, and the hub's newest sequence.
 */
export async function pullPage(
  parts: PullParts,
  asked?: PageAhead,
): Promise<{ pulled: number; more: boolean; head: number; ahead?: PageAhead }> {
  const { db, api } = parts;
  const since = db.cursor;
  // Asked for from another cursor: whatever moved it has seen to what is in between.
  const page = await (asked?.since === since ? asked.page : askPage(api, since).page);
  requireSameHub(db, page, since, api.url);
  const more = page.next < page.sequence;
  const ahead = more ? askPage(api, page.next) : undefined;
  const pulled = await takeIn(parts, page, () => {
    db.cursor = page.next;
  });
  return { pulled, more, head: page.sequence, ...(ahead === undefined ? {} : { ahead }) };
}

/** Asks for the page after `since`, for a `pullPage` to come. */
export function askPage(api: HubApi, since: number): PageAhead {
  const page = api.page({ since, limit: PAGE_ENTRIES, inline: "contents" });
  page.catch(() => {}); // told to whoever takes the page; nobody does when the one before it fails
  return { since, page };
}

/** A newly subscribed topic's notes from the hub's first entry on (HUB-11). */
export async function fillInNotes(parts: PullParts): Promise<number> {
  const { db } = parts;
  let pulled = 0;
  // One round for each time that somebody subscribed.
  for (let behind = db.meta("notes_behind"); behind !== undefined; behind = db.meta("notes_behind")) {
    pulled += await fillInOnce(parts);
    db.transaction(() => {
      // Compare and clear: who subscribed meanwhile has set another mark, and wants what was passed over by then.
      if (db.meta("notes_behind") === behind) db.setMeta("notes_behind", null);
    });
  }
  return pulled;
}

async function fillInOnce(parts: PullParts): Promise<number> {
  const { db, api } = parts;
  let pulled = 0;
  let since = 0;
  const end = db.cursor;
  while (since < end) {
    const page = await api.page({ since, limit: PAGE_ENTRIES, inline: "contents" });
    const notes = page.entries.filter((item) => item.sequence <= end);
    pulled += await takeIn(parts, { ...page, entries: notes }, () => {}, "notes");
    if (page.next <= since) break;
    since = page.next;
  }
  return pulled;
}

/**
 * Moves the cursor over entries of ours whose place the hub has told us: all that such a page would bring is here already.
 * Notes stop it: they are laid out in the hub's order, with everybody's. Returns the cursor.
 */
export function passOwnEntries(store: Store, db: SyncDb): number {
  return db.transaction(() => {
    const start = db.cursor;
    let cursor = start;
    for (;;) {
      const own = db.get<{ entry: EntryId }>("SELECT entry FROM sequenced WHERE sequence = ?", cursor + 1);
      const entry = own === undefined ? undefined : store.catalog.entryById(own.entry);
      if (entry === undefined || topicOf(entry.collection) !== undefined) break;
      cursor += 1;
    }
    if (cursor !== start) db.cursor = cursor;
    return cursor;
  });
}

/** Tries again what the hub did not give out when its entry passed (FILE-28). Returns how many are here now. */
export async function retryDeferred(parts: PullParts): Promise<number> {
  const { db } = parts;
  const rows = db.all<{ entry: EntryId; sequence: number; block: Uint8Array }>(
    "SELECT * FROM deferred ORDER BY sequence LIMIT 200",
  );
  let taken = 0;
  for (const row of rows) {
    const entry = readEntry(row.block);
    const incoming = await receive(parts, entry, undefined);
    if (incoming === "not ready") continue;
    await adopt(parts.store, [incoming]);
    db.transaction(() => {
      db.run("DELETE FROM deferred WHERE entry = ?", row.entry);
      if (entry.doc !== undefined) parts.onDocuments([{ entry, sequence: row.sequence }]);
    });
    taken += 1;
  }
  return taken;
}

/** True when the hub did not give out yet what some entry stands on. */
export function hasDeferred(db: SyncDb): boolean {
  return db.get("SELECT 1 FROM deferred LIMIT 1") !== undefined;
}

/** The hub must be the one we know (HUB-12). Throws `EPOCH_CHANGED`. */
export function requireEpoch(db: SyncDb, found: string, url: string): void {
  const known = db.meta("epoch");
  if (known === undefined || known === found) return;
  throw new HoldfastError("EPOCH_CHANGED", `the hub at ${url} is another one than this folder is joined to`, {
    hint:
      "Check the address. If the hub was made anew on purpose, end `holdfast up`, move .holdfast/sync.db away, and join " +
      "with an invite from it: what it lacks is sent.",
    details: { known, found },
  });
}

/** And not younger than what we saw of it. */
function requireSameHub(db: SyncDb, page: Page, since: number, url: string): void {
  requireEpoch(db, page.epoch, url);
  if (page.sequence < since) {
    throw new HoldfastError(
      "EPOCH_CHANGED",
      `the hub at ${url} is at ${page.sequence}, behind the ${since} seen of it: it was restored from an older state`,
      {
        hint:
          "Nothing was changed here. Restore a newer backup of the hub; or end `holdfast up`, move .holdfast/sync.db away, " +
          "and `holdfast sync`: what the hub lacks is sent.",
        details: { cursor: since, sequence: page.sequence },
      },
    );
  }
  if (db.meta("epoch") === undefined) db.setMeta("epoch", page.epoch);
}

async function takeIn(parts: PullParts, page: Page, moveCursor: () => void, only?: "notes"): Promise<number> {
  const { store, db } = parts;
  const catalog = await store.readyCatalog();
  const wanted: Wanted[] = [];
  const documents: Sequenced[] = [];
  const notes: { collection: string; entry: EntryId; sequence: number }[] = [];
  const deletes: Entry[] = [];
  const seen: Sequenced[] = [];
  const entries = await Promise.all(page.entries.map(({ block }) => readEntryAside(block)));
  for (const [index, entry] of entries.entries()) {
    const { sequence, content } = page.entries[index] as PageEntry;
    const topic = topicOf(entry.collection);
    if (only === "notes" && topic === undefined) continue;
    seen.push({ entry, sequence });
    if (topic !== undefined && !isSubscribed(db, topic)) continue;
    if (topic !== undefined) notes.push({ collection: entry.collection, entry: entry.id, sequence });
    if (entry.doc !== undefined) documents.push({ entry, sequence });
    if (catalog.has(entry.id)) continue;
    if (entry.kind === "delete" && entry.doc === undefined) deletes.push(entry);
    else wanted.push({ entry, sequence, content });
  }
  const deferred = await bringIn(parts, wanted);
  for (const entry of deletes) await store.applyDelete(entry);
  const notReady = new Set(deferred.map(({ entry }) => entry.id));
  db.transaction(() => {
    for (const { entry, sequence } of seen) db.markSequenced(entry.id, sequence);
    for (const { entry, sequence } of deferred) {
      db.run("INSERT OR IGNORE INTO deferred VALUES (?, ?, ?)", entry.id, sequence, entry.block);
    }
    recordNotes(
      db,
      notes.filter(({ entry }) => !notReady.has(entry)),
    );
    parts.onDocuments(documents.filter(({ entry }) => !notReady.has(entry.id)));
    moveCursor();
  });
  // Also when this page has none: the cursor may have moved past some right before a crash.
  await layOutNotes(store, db);
  return wanted.length + deletes.length;
}

/** An entry that is not here yet, and its content where the page brought it along. */
interface Wanted extends Sequenced {
  readonly content: Uint8Array | undefined;
}

/** Takes entries with their contents into the store, large contents by and by. Returns those whose content the hub does
 *  not give out yet. */
async function bringIn(parts: PullParts, wanted: readonly Wanted[]): Promise<Sequenced[]> {
  const { store } = parts;
  const deferred: Sequenced[] = [];
  const onTheWay = new Map<string, StagedContent>();
  const incoming: Incoming[] = [];
  let heldBytes = 0;
  const keep = async (): Promise<void> => {
    const received = incoming.splice(0);
    heldBytes = 0;
    try {
      await adopt(store, received);
    } finally {
      for (const { content } of received) if (content !== undefined) store.staging.discard(content.dir);
    }
  };
  for (const { entry, sequence, content } of wanted) {
    let received: Incoming | "not ready";
    try {
      received = await receive(parts, entry, content, onTheWay);
    } catch (error) {
      // What came whole is kept: a page larger than a connection lasts gets ahead all the same.
      await keep();
      throw error;
    }
    if (received === "not ready") {
      deferred.push({ entry, sequence });
      continue;
    }
    incoming.push(received);
    heldBytes += received.content?.size ?? 0;
    if (heldBytes >= ADOPT_AT_BYTES) await keep();
  }
  await keep();
  return deferred;
}

/** An entry with its bytes, wherever they come from; `not ready` when the hub does not give them out yet. */
async function receive(
  { store, api, onBytes }: PullParts,
  entry: Entry,
  inline: Uint8Array | undefined,
  onTheWay: Map<string, StagedContent> = new Map(),
): Promise<Incoming | "not ready"> {
  if (entry.content === null) return { entry };
  const { hash, size } = entry.content;
  // A rename carries its content along; the store has it, or it comes in this very page.
  if (
    entry.kind === "rename" &&
    (store.catalog.contentOf(entry.collection, hash) !== undefined || onTheWay.has(hash))
  ) {
    return { entry };
  }
  let staged: StagedContent;
  if (inline !== undefined) {
    staged = store.staging.stageBytes(inline);
    onBytes?.(inline.length);
  } else {
    try {
      staged = await store.staging.stage(counted(downloadWhole(api, hash, size), onBytes), { maxBytes: size });
    } catch (error) {
      if (isHoldfastError(error, "CONTENT_MISSING")) return "not ready";
      throw error;
    }
  }
  if (staged.hash !== hash || staged.size !== size) {
    store.staging.discard(staged.dir);
    throw new HoldfastError("VERIFY_FAILED", `the hub's content for ${entry.name} is not what its author signed`, {
      hint: "The content was damaged at the hub or on its way; it was not taken in.",
      details: { entry: entry.id },
    });
  }
  onTheWay.set(hash, staged);
  return { entry, content: staged };
}

/** Takes entries into the store, runs of one collection at a time, in order. */
export async function adopt(store: Store, incoming: readonly Incoming[]): Promise<void> {
  const runs: Incoming[][] = [];
  for (const item of incoming) {
    const run = runs.at(-1);
    const first = run?.[0];
    // A rename without bytes of its own stands on content that must be in the store before it.
    const standsOnRun =
      item.content === undefined &&
      item.entry.content !== null &&
      run?.some((other) => other.content?.hash === item.entry.content?.hash);
    if (run !== undefined && first?.entry.collection === item.entry.collection && !standsOnRun) run.push(item);
    else runs.push([item]);
  }
  for (const run of runs) await store.adopt(run);
}

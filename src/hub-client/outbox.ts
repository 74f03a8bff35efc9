// The outbox: which entries made here still have to go to the hub, and which of them may go now.
//
// It is filled from the store's own order of arrival, by a number that only grows, so nothing that was saved can miss
// it: a crash between saving and queueing leaves the number where it was. Entries of one document are one lane: sent in
// order, and a lane that failed waits by itself.

import type { Author, ContentHash, Entry, EntryId } from "../entries/index.ts";
import type { Store } from "../store/index.ts";
import type { SyncDb } from "./sync-db.ts";

/** Pauses after the first, second, ... failure of a lane in a row (FILE-09), ms. */
export const BACKOFF_MS: readonly number[] = [500, 1_000, 2_000, 5_000, 15_000, 30_000, 60_000];
/** Nothing waits longer: what is to be tried later than that from now was put off before the clock was set back, ms. */
const MAX_WAIT_MS = 120_000;
const ARRIVALS_AT_ONCE = 2_000;
/** A batch ends before its contents exceed this. */
const BATCH_CONTENT_BYTES = 12 * 1_024 * 1_024;

export interface Unsent {
  readonly entry: EntryId;
  readonly lane: string;
  readonly content: ContentHash | null;
  readonly size: number;
}

export interface LaneState {
  readonly lane: string;
  /** `stopped`: trying again cannot help until something changes. `stale`: wants what is new at the hub first. */
  readonly state: "waiting" | "stopped" | "stale";
  readonly attempts: number;
  readonly reason: string;
}

/** The lane of an entry: its document, or its artifact. */
export function laneOf(entry: Entry): string {
  if (entry.doc !== undefined) return entry.doc ?? entry.id;
  return `${entry.collection}\0${entry.name}`;
}

/** Moves what these authors made since last time from the store's order of arrival into the outbox, as far as the hub is not known to
 *  hold it: our own, and of others what came from peers and goes on to the hub. */
export async function fillOutbox(store: Store, db: SyncDb, authors: ReadonlySet<Author>): Promise<void> {
  const catalog = await store.readyCatalog();
  if (db.meta("incarnation") !== catalog.incarnation) {
    // The catalog was rebuilt and numbers arrivals anew; what the hub holds is known by id and passed over.
    db.transaction(() => {
      db.setMeta("incarnation", catalog.incarnation);
      db.setMeta("taken", "0");
    });
  }
  for (;;) {
    const taken = Number(db.meta("taken") ?? 0);
    const arrivals = catalog.arrivals(taken, ARRIVALS_AT_ONCE);
    const last = arrivals.at(-1);
    if (last === undefined) return;
    db.transaction(() => {
      for (const { arrival, entry } of arrivals) {
        if (!authors.has(entry.author) || db.isSequenced(entry.id)) continue;
        db.run(
          "INSERT OR IGNORE INTO unsent VALUES (?, ?, ?, ?, ?)",
          entry.id,
          arrival,
          laneOf(entry),
          entry.content?.hash ?? null,
          entry.content?.size ?? 0,
        );
      }
      db.setMeta("taken", String(last.arrival));
    });
  }
}

/** Looks at everything that is in the store once more: another author's entries may go, too. */
export function refillOutbox(db: SyncDb): void {
  db.setMeta("taken", "0");
}

/** What may be sent now, in order, as one batch; lanes that wait or are stopped are passed over. */
export function nextBatch(db: SyncDb, nowMs: number, limits: { entries: number; inlineBytes: number }): Unsent[] {
  const rows = db.all<Unsent>(
    `SELECT entry, unsent.lane AS lane, content, size FROM unsent LEFT JOIN lanes ON lanes.lane = unsent.lane
     WHERE lanes.lane IS NULL OR (lanes.state = 'waiting' AND lanes.next_at_ms NOT BETWEEN ? AND ?)
     ORDER BY arrival LIMIT ?`,
    nowMs + 1,
    nowMs + MAX_WAIT_MS,
    limits.entries,
  );
  let bytes = 0;
  const end = rows.findIndex((row) => {
    if (row.size <= limits.inlineBytes) bytes += row.size;
    return bytes > BATCH_CONTENT_BYTES;
  });
  return end <= 0 ? rows : rows.slice(0, end);
}

/** When the next waiting lane may be tried, ms since 1970; undefined when none waits. */
export function nextTryAt(db: SyncDb, nowMs: number): number | undefined {
  return (
    db.get<{ at: number | null }>(
      `SELECT min(iif(next_at_ms > ?, 0, next_at_ms)) AS at FROM lanes
       WHERE state = 'waiting' AND EXISTS (SELECT 1 FROM unsent WHERE unsent.lane = lanes.lane)`,
      nowMs + MAX_WAIT_MS,
    )?.at ?? undefined
  );
}

/** A try of these lanes failed in a way that may pass: each waits longer than the last time, with jitter. */
export function backOff(db: SyncDb, lanes: Iterable<string>, reason: string, nowMs: number): void {
  db.transaction(() => {
    for (const lane of lanes) {
      const attempts = (laneState(db, lane)?.attempts ?? 0) + 1;
      const pauseMs = BACKOFF_MS[Math.min(attempts, BACKOFF_MS.length) - 1] ?? 60_000;
      const jitter = 0.75 + Math.random() / 2;
      const nextAtMs = nowMs + Math.round(pauseMs * jitter);
      db.run("INSERT OR REPLACE INTO lanes VALUES (?, 'waiting', ?, ?, ?)", lane, attempts, nextAtMs, reason);
    }
  });
}

/** Trying this lane again cannot help: it is shown, and waits for a new save or `retry`. */
export function stopLane(db: SyncDb, lane: string, reason: string): void {
  db.run("INSERT OR REPLACE INTO lanes VALUES (?, 'stopped', 0, 0, ?)", lane, reason);
}

/** The hub has newer versions than these lanes take into account. */
export function markStale(db: SyncDb, lanes: Iterable<string>, reason: string): void {
  db.transaction(() => {
    for (const lane of lanes) {
      const attempts = laneState(db, lane)?.attempts ?? 0;
      db.run("INSERT OR REPLACE INTO lanes VALUES (?, 'stale', ?, 0, ?)", lane, attempts, reason);
    }
  });
}

/** Something about the lane changed: a stopped or stale one is tried again. A back-off is not cut short by a new save
 *  (FILE-09), so that a hub in trouble is not hammered by an editor that saves every second. */
export function wakeLane(db: SyncDb, lane: string): void {
  db.run("DELETE FROM lanes WHERE lane = ? AND state <> 'waiting'", lane);
}

/** What stands in this lane is not to go yet: another machine may be about to bring it together. */
export function holdLane(db: SyncDb, lane: string, untilMs: number): void {
  db.run("INSERT OR REPLACE INTO lanes VALUES (?, 'waiting', 0, ?, 'another machine may join it')", lane, untilMs);
}

/** It may go. */
export function freeLane(db: SyncDb, lane: string): void {
  db.run("DELETE FROM lanes WHERE lane = ?", lane);
}

/** All that is new at the hub has been taken in: lanes that wanted that may go. Returns how many those were. */
export function wakeStale(db: SyncDb): number {
  return db.run("DELETE FROM lanes WHERE state = 'stale'");
}

/** The hub was away and is back: what waited for that is tried now. */
export function wakeWaiting(db: SyncDb): void {
  db.run("UPDATE lanes SET next_at_ms = 0 WHERE state = 'waiting'");
}

/** `retry`: everything that waits or is stopped is tried now. Returns how many lanes that were. */
export function wakeAll(db: SyncDb, lane?: string): number {
  return lane === undefined ? db.run("DELETE FROM lanes") : db.run("DELETE FROM lanes WHERE lane = ?", lane);
}

export function laneState(db: SyncDb, lane: string): LaneState | undefined {
  return db.get<LaneState>("SELECT lane, state, attempts, reason FROM lanes WHERE lane = ?", lane);
}

export function hasUnsent(db: SyncDb, lane: string): boolean {
  return db.get("SELECT 1 FROM unsent WHERE lane = ? LIMIT 1", lane) !== undefined;
}

/** True when something could be sent that no failure holds back. */
export function hasSendable(db: SyncDb): boolean {
  return db.get("SELECT 1 FROM unsent WHERE lane NOT IN (SELECT lane FROM lanes) LIMIT 1") !== undefined;
}

/** Entries not yet at the hub, less those of stopped lanes: what a stop waits for (FILE-12). */
export function countSendable(db: SyncDb): number {
  return (
    db.get<{ n: number }>(
      "SELECT count(*) AS n FROM unsent WHERE lane NOT IN (SELECT lane FROM lanes WHERE state = 'stopped')",
    )?.n ?? 0
  );
}

// What a workspace does with its folder: sync once, history, restore, conflicts, retry.

import { checkArtifactName, type Entry, type EntryId, FILES } from "../entries/index.ts";
import { isHoldfastError, NotFoundError } from "../errors.ts";
import {
  type FolderEvent,
  FolderSync,
  historyOf,
  listConflicts,
  resolveConflict,
  restoreVersion,
  retry as retryPath,
} from "../files/index.ts";
import { wakeWaiting } from "../hub-client/outbox.ts";
import { readAll } from "../store/find-version.ts";
import { type Layout, readVersionFile, type Store } from "../store/index.ts";
import { connected, type HubParts } from "./hub-verbs.ts";
import { openSoundSyncDb, openSyncDb, readSyncDb } from "./open-sync-db.ts";

const ARRIVALS_AT_ONCE = 500;

export interface SyncResult {
  readonly pulled: number;
  readonly pushed: number;
  /** The hub's sequence that this folder is in step with now. */
  readonly sequence: number;
}

export interface SyncOptions {
  /** Told what a person should know of: that something was damaged, or is not synced. */
  readonly onNotice?: (message: string) => void;
  /** Told how far a long scan, pull or push is. */
  readonly onProgress?: (progress: FolderEvent & { readonly kind: "progress" }) => void;
}

/** And what a program hears of. */
export interface SyncEvents {
  /** `copy` is kept beside `path`: both sides had changed. */
  readonly onConflict?: (conflict: { readonly path: string; readonly copy: string }) => void;
  /** An entry of somebody else has come. */
  readonly onEntry?: (entry: Entry) => void;
}

/** Throws `SYNC_RUNNING` while another process syncs this folder, `HUB_UNREACHABLE`, `UNAUTHORIZED`, `EPOCH_CHANGED`. */
export async function syncOnce(
  parts: HubParts,
  { onNotice, onProgress, onConflict, onEntry }: SyncOptions & SyncEvents = {},
): Promise<SyncResult> {
  const { layout, store } = parts;
  const { api } = connected(layout, parts.signal);
  using db = openSoundSyncDb(layout, (message) => onNotice?.(message));
  const folder = await FolderSync.open({
    holder: "holdfast sync",
    store,
    api,
    db,
    layout,
    signal: parts.signal,
    onEvent: (event) => {
      if (event.kind === "progress") onProgress?.(event);
      if (event.kind === "notice") onNotice?.(event.message);
      if (event.kind === "conflict") onConflict?.({ path: event.path, copy: event.copy });
    },
  });
  try {
    const before = onEntry === undefined ? undefined : await lastArrival(store);
    wakeWaiting(db);
    const [synced] = await Promise.allSettled([folder.syncOnce()]);
    // Also of a sync that was cut off; why it was is of more concern than what the telling meets.
    const telling = before === undefined ? [] : [tellArrivals(store, before, onEntry)];
    for (const end of [synced, ...(await Promise.allSettled(telling))]) {
      if (end.status === "rejected") throw end.reason;
    }
    return (synced as PromiseFulfilledResult<SyncResult>).value;
  } finally {
    await folder.stop({ drainMs: 0 });
  }
}

interface LastArrival {
  readonly incarnation: string;
  readonly arrival: number;
}

async function lastArrival(store: Store): Promise<LastArrival> {
  const catalog = await store.readyCatalog();
  return { incarnation: catalog.incarnation, arrival: catalog.lastArrival() };
}

/** Not across a catalog that was made anew meanwhile: there all arrivals have other numbers. */
async function tellArrivals(store: Store, before: LastArrival, tell: SyncEvents["onEntry"]): Promise<void> {
  const { incarnation } = await store.readyCatalog();
  if (incarnation !== before.incarnation) return;
  for (let after = before.arrival; ; ) {
    const page = await store.arrivals(after, ARRIVALS_AT_ONCE);
    for (const { entry } of page) if (entry.author !== store.identity.author) tell?.(entry);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.arrival;
  }
}

type History = Awaited<ReturnType<typeof historyOf>>;
/** `damaged`: why a version cannot be read, with the path; what is not known of it is then empty. */
export interface HistoryWithDamage {
  readonly path: string;
  readonly versions: readonly (Omit<History["versions"][number], "entry"> & {
    readonly entry: EntryId | "";
    readonly damaged?: string;
  })[];
}

/** Every version that was ever at `path`, those included that lie there damaged. Throws `NOT_FOUND`. */
export async function history(store: Store, path: string): Promise<HistoryWithDamage> {
  checkArtifactName(FILES, path);
  const damaged = damagedVersions(store, path);
  try {
    const { versions } = await historyOf(store, path);
    const known = new Set(versions.filter((row) => row.path === path).map((row) => row.version));
    return { path, versions: [...versions, ...damaged.filter((row) => !known.has(row.version))] };
  } catch (error) {
    if (!isHoldfastError(error, "NOT_FOUND") || damaged.length === 0) throw error;
    return { path, versions: damaged };
  }
}

function damagedVersions(store: Store, path: string): HistoryWithDamage["versions"] {
  const unknown = { hash: null, size: 0, kind: "put", author: "", createdAt: "" } as const;
  return readAll(readVersionFile, store.layout, FILES, path)
    .filter((found) => "error" in found)
    .map(({ version, error }) => ({ version, entry: "" as const, ...unknown, path, damaged: error.message }));
}

export async function restore(store: Store, path: string, version: number | string): ReturnType<typeof restoreVersion> {
  return restoreVersion({ store, path, version });
}

export interface ConflictList {
  readonly conflicts: ReturnType<typeof listConflicts>;
}

export function conflicts(layout: Layout): ConflictList {
  using db = readSyncDb(layout);
  return { conflicts: listConflicts(db) };
}

/** Says that the conflict of `path` (the file or the copy) is settled; the files stay as they are. Throws `NOT_FOUND`. */
export function resolve(layout: Layout, path: string): { resolved: string[] } {
  using db = openSyncDb(layout);
  const result = resolveConflict(db, path);
  if (result.resolved.length > 0) return result;
  throw new NotFoundError(`there is no conflict at ${path}`, { hint: "`holdfast conflicts` lists them." });
}

export function retry(layout: Layout, path?: string): { retried: number } {
  using db = openSyncDb(layout);
  return { retried: retryPath(db, path) };
}

// Removing the versions that their artifacts' retention lets go, and what the dead left behind. The caller works alone in
// the store. What goes is decided by one function, for a run and for one that only tells; each artifact's versions then go
// by the protocol of delete-versions.ts, so a crash leaves of each artifact what it was or what it is to be.

import { setImmediate as nextTurn } from "node:timers/promises";
import { checkCollection, FILES, MAX_PARENTS } from "../entries/index.ts";
import type { ArtifactKey } from "./catalog.ts";
import { deleteVersions } from "./delete-versions.ts";
import { readDeletedIfSound } from "./deleted-file.ts";
import type { LockWait } from "./drafts.ts";
import { readRecords } from "./find-version.ts";
import { listArtifacts } from "./list-artifacts.ts";
import { expired, retentionOf } from "./retention.ts";
import { settle } from "./settle.ts";
import type { Store } from "./store.ts";
import { readVersionFile, savedAt, type VersionRecord } from "./version-record.ts";
import type { Fence } from "./write-versions.ts";

export interface GcOptions extends LockWait {
  /** Default: all. */
  readonly collection?: string;
  /** Only tell what would go. */
  readonly dryRun?: boolean;
}

export interface GcResult {
  readonly removed: readonly { readonly collection: string; readonly name: string; readonly version: number }[];
  /** Of the contents of the versions removed. */
  readonly bytes: number;
}

interface Expired extends ArtifactKey {
  readonly records: readonly VersionRecord[];
}

/** Artifacts handled between two turns of the event loop. */
const SLICE = 32;

/** Throws `BAD_NAME`, `LOCK_TIMEOUT`, `LOCK_LOST`. */
export async function collectGarbage(store: Store, options: GcOptions = {}): Promise<GcResult> {
  if (options.collection !== undefined) checkCollection(options.collection);
  await store.readyCatalog(options);
  const gone = await store.alone(options, async (fence) => {
    const going = await chooseExpired(store, options.collection, Date.now());
    if (options.dryRun === true) return going;
    for (const artifact of going) {
      await nextTurn();
      await remove(store, artifact, fence);
    }
    return going;
  });
  if (options.dryRun !== true) store.sweep();
  const records = gone.flatMap((artifact) => artifact.records);
  return {
    removed: records.map(({ entry, version }) => ({ collection: entry.collection, name: entry.name, version })),
    bytes: records.reduce((sum, { entry }) => sum + (entry.content?.size ?? 0), 0),
  };
}

/** What is to go of each artifact, oldest first. A version that cannot be read stays, and is none of those to be kept. */
async function chooseExpired(store: Store, collection: string | undefined, nowMs: number): Promise<Expired[]> {
  const { layout, catalog } = store;
  const rows = listArtifacts(layout, catalog, collection === undefined ? {} : { collection });
  const going: Expired[] = [];
  for (const [index, { collection: where, name, tags }] of rows.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    const retention = retentionOf(tags);
    // The folder's own versions are nobody's to tag.
    if (retention === undefined || where === FILES) continue;
    const records = recordsThatStay(store, { collection: where, name });
    const aged = records.map((record) => ({ version: record.version, savedAtMs: Date.parse(savedAt(record)) }));
    const versions = new Set(expired(aged, retention, nowMs));
    if (versions.size > 0) {
      going.push({ collection: where, name, records: records.filter(({ version }) => versions.has(version)) });
    }
  }
  return going;
}

/** Without those whose delete was written down by somebody who died before it was carried out. */
function recordsThatStay({ layout }: Store, { collection, name }: ArtifactKey): VersionRecord[] {
  const { deletions } = readDeletedIfSound(layout, collection, name);
  const gone = new Set(deletions.flatMap(({ versions }) => versions));
  return readRecords(readVersionFile, layout, collection, name).filter(({ version }) => !gone.has(version));
}

async function remove(store: Store, { collection, name, records }: Expired, fence: Fence): Promise<void> {
  const { layout, catalog } = store;
  settle({ layout, catalog }, collection);
  for (let at = 0; at < records.length; at += MAX_PARENTS) {
    const versions = records.slice(at, at + MAX_PARENTS).map(({ version }) => version);
    const entryFor = (removed: readonly VersionRecord[]) =>
      store.entryOf(
        { collection, name, kind: "delete", content: null, parents: removed.map(({ entry }) => entry.id) },
        removed.at(-1),
      );
    await deleteVersions({ layout, catalog }, { collection, name, choose: () => versions, entryFor }, fence);
  }
}

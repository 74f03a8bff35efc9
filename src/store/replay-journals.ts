// After the machine was started anew: every version that stands in a journal is found whole in its place, or made again there.
//
//   1  lock       the journal's collection, as for a save: another process may be at it already, or done with it
//   2  choose     one record for each version: of two, the one saved under the later lock. Whoever had its lock taken away may
//                 have written a number into the journal that its successor then gave
//   3  restore    what is not whole is made again in staging, flushed, and put into its place by a rename
//   4  checkpoint everything flushed in its own place, the journal gone
//   5  mark       when that is done for all journals: they are of this boot now
//
// A crash before 5 leaves all of it to be done again, which changes nothing where it was done.

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StructuralLock } from "../coordination/index.ts";
import { assert, HoldfastError, isHoldfastError, whyNotWritable } from "../errors.ts";
import { listVersions } from "./artifact-on-disk.ts";
import { bootId } from "./boot.ts";
import { readDeleted } from "./deleted-file.ts";
import { flush, replaceFile } from "./durable.ts";
import { Journal, listJournals, readJournal } from "./journal.ts";
import { type JournaledBatch, type JournaledVersion, parseJournal } from "./journal-record.ts";
import type { Layout } from "./layout.ts";
import { lockOptions } from "./lock-wait.ts";
import { makeArtifactDir } from "./publish-version.ts";
import { readContent } from "./read-content.ts";
import { moveAway } from "./remove-versions.ts";
import { Staging } from "./staging.ts";
import { placeInTrash } from "./trash.ts";
import { readVersionFile } from "./version-record.ts";

/** Throws `LOCK_TIMEOUT`, `DISK_FULL`, and when something is missing where nothing can be written, `READ_ONLY` or
 *  `NO_PERMISSION`. */
export async function replayJournals(layout: Layout): Promise<void> {
  const refusal = whyNotWritable(layout.root);
  if (refusal !== undefined) {
    await refuseUnlessWhole(layout, refusal);
    return;
  }
  const lock = new StructuralLock(layout.locks);
  const staging = new Staging(layout.staging);
  try {
    for (const { collection } of listJournals(layout)) {
      if (collection === undefined) continue;
      await lock.withCollections([collection], lockOptions({}), async () => {
        for (const version of versionsToRestore(layout, collection))
          await restore(layout, staging, collection, version);
        await new Journal(layout, collection).checkpoint();
      });
    }
  } finally {
    staging.close();
  }
  const boot = bootId();
  assert(boot !== undefined, "where journals are kept, one boot can be told from the next");
  replaceFile(layout.bootFile, boot);
}

/** The newest record of each version, less those whose number a delete has taken. */
function versionsToRestore(layout: Layout, collection: string): JournaledVersion[] {
  const chosen = new Map<string, { readonly generation: number; readonly version: JournaledVersion }>();
  const { batches } = parseJournal(readJournal(layout.journalFile(collection)) ?? "");
  for (const { generation, version } of batches.flatMap(eachVersion)) {
    const key = `${version.version} ${version.name}`;
    if ((chosen.get(key)?.generation ?? 0) <= generation) chosen.set(key, { generation, version });
  }
  return [...chosen.values()]
    .map(({ version }) => version)
    .filter(({ name, version }) => version > readDeleted(layout, collection, name).floor);
}

function eachVersion({ generation, versions }: JournaledBatch) {
  return versions.map((version) => ({ generation, version }));
}

async function restore(
  layout: Layout,
  staging: Staging,
  collection: string,
  journaled: JournaledVersion,
): Promise<void> {
  if (await isWhole(layout, collection, journaled)) return;
  const { name, version, file, content } = journaled;
  const dir = staging.newDir();
  const files = [join(dir, "version.json"), ...(content === undefined ? [] : [join(dir, "content")])];
  writeFileSync(join(dir, "version.json"), file);
  if (content !== undefined) writeFileSync(join(dir, "content"), Buffer.from(content, "base64"));
  await flush([...files, dir], layout.staging);

  const changed = new Set([layout.artifactDir(collection, name)]);
  makeArtifactDir(layout, { collection, name }, changed);
  const target = layout.versionDir(collection, name, version);
  const trash = placeInTrash(layout);
  moveAway(target, trash); // what is left of it
  renameSync(dir, target);
  rmSync(trash, { recursive: true, force: true });
  const newest = listVersions(layout, collection, name).at(-1) ?? version;
  replaceFile(join(layout.artifactDir(collection, name), "latest"), String(newest), { durable: false });
  await flush([...changed], layout.data);
}

/** Whether a whole version lies in the place of this one: it, or what a successor gave that number. */
async function isWhole(layout: Layout, collection: string, { name, version }: JournaledVersion): Promise<boolean> {
  try {
    const record = readVersionFile(join(layout.versionDir(collection, name, version), "version.json"));
    if (record === undefined) return false;
    // Bytes that lie with another version are that one's to restore.
    if (record.entry.content !== null && record.contentAt === undefined) await readContent(layout, record);
    return true;
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT") || isHoldfastError(error, "NOT_FOUND")) return false;
    throw error;
  }
}

async function refuseUnlessWhole(layout: Layout, refusal: HoldfastError): Promise<void> {
  for (const { collection } of listJournals(layout)) {
    if (collection === undefined) continue;
    for (const version of versionsToRestore(layout, collection)) {
      if (await isWhole(layout, collection, version)) continue;
      throw new HoldfastError(
        refusal.code,
        `${layout.root} cannot be written, and version ${version.version} of ${version.name} waits to be restored in it`,
        {
          hint: "The machine stopped before it lay in its place. Open the workspace once where it can be written.",
          details: { path: layout.journalFile(collection) },
          cause: refusal,
        },
      );
    }
  }
}

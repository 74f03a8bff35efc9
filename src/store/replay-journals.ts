// After the machine was started anew: every version that stands in a journal is found whole in its place, or made again there,
// before anything is read.
//
//   1  look       without a lock: is all of it whole?
//   2  lock       the journal's collection, as for a save: another process may be at it already, or done with it
//   3  checkpoint what is not whole is made again, everything flushed in its own place, the journal gone (journal.ts)
//   4  mark       when that is done for all journals: they are of this boot now
//
// Who finds all of it whole, and cannot do the rest (the lock is held, the disk is full, it may not write), goes on without: the
// next one asks again. A crash before 4 leaves all of it to be done again, which changes nothing where it was done.

import { StructuralLock } from "../coordination/index.ts";
import { HoldfastError, whyNotWritable } from "../errors.ts";
import { bootId } from "./boot.ts";
import type { LockWait } from "./drafts.ts";
import { fsyncPath, replaceFile } from "./durable.ts";
import { Journal, listJournals, readJournal } from "./journal.ts";
import { type JournaledVersion, latestRecords, parseJournal } from "./journal-record.ts";
import type { Layout } from "./layout.ts";
import { lockOptions } from "./lock-wait.ts";
import { unwholeVersions } from "./restore-versions.ts";

/** Throws `LOCK_TIMEOUT`, `INTERRUPTED`, `DISK_FULL`; `READ_ONLY` or `NO_PERMISSION` where something is missing and nothing can
 *  be written. */
export async function replayJournals(layout: Layout, wait: LockWait): Promise<void> {
  const lock = new StructuralLock(layout.locks);
  let isDone = true;
  for (const { path, collection } of listJournals(layout)) {
    if (collection === undefined) continue;
    const { batches } = parseJournal(readJournal(path) ?? "");
    const versions = latestRecords(batches).map(({ version }) => version);
    const [missing] = await unwholeVersions(layout, collection, versions);
    const refusal = whyNotWritable(layout.root);
    if (missing !== undefined && refusal !== undefined) throw cannotRestore(layout, collection, missing, refusal);
    if (refusal !== undefined) return;
    try {
      const patience = missing === undefined ? { ...wait, lockTimeoutMs: 0 } : wait;
      await lock.withCollections([collection], lockOptions(patience), () =>
        new Journal(layout, collection).checkpoint(),
      );
    } catch (error) {
      if (missing !== undefined || wait.signal?.aborted === true) throw error;
      isDone = false;
    }
  }
  const boot = bootId();
  if (!isDone || boot === undefined || whyNotWritable(layout.root) !== undefined) return;
  try {
    fsyncPath(layout.root);
    replaceFile(layout.bootFile, boot);
  } catch {
    // All of it is in its place; only the next one has to look again.
  }
}

function cannotRestore(
  layout: Layout,
  collection: string,
  { name, version }: JournaledVersion,
  refusal: HoldfastError,
): HoldfastError {
  return new HoldfastError(
    refusal.code,
    `${layout.root} cannot be written, and version ${version} of ${name} waits to be restored in it`,
    {
      hint: "The machine stopped before it lay in its place. Open the workspace once where it can be written.",
      details: { path: layout.journalFile(collection) },
      cause: refusal,
    },
  );
}

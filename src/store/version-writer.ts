// How versions get to the protocol by which they come to be (write-versions.ts): each batch under its collection's lock, and
// single versions that come at the same time as one.

import type { LockWait } from "./drafts.ts";
import { GroupCommit, type Outcome } from "./group-commit.ts";
import type { VersionRecord } from "./version-record.ts";
import { holdsLocks, type WriteAccess } from "./write-access.ts";
import { type PendingVersion, type WriterParts, writeVersions } from "./write-versions.ts";

type Written = VersionRecord | undefined;

export class VersionWriter {
  private readonly access: WriteAccess;
  /** Asked for under the lock: the catalog may be another one by then. */
  private readonly parts: () => Omit<WriterParts, "journal">;
  private readonly together: GroupCommit<PendingVersion, Written>;

  constructor(access: WriteAccess, parts: () => Omit<WriterParts, "journal">) {
    this.access = access;
    this.parts = parts;
    this.together = new GroupCommit((collection, wait, take) => this.writeTogether(collection, wait, take));
  }

  /** Versions of any collections, as one batch for each. What one of them is refused with refuses its batch. */
  async write(pending: readonly PendingVersion[], wait: LockWait): Promise<Written[]> {
    const results = new Array<Written>(pending.length).fill(undefined);
    const byCollection = Map.groupBy(pending.keys(), (index) => pending[index]?.collection ?? "");
    for (const [collection, indices] of byCollection) {
      const batch = indices.map((index) => pending[index]).filter((item) => item !== undefined);
      const written = await this.access.writing(collection, wait, (fence, journal) =>
        writeVersions({ ...this.parts(), journal }, collection, batch, fence),
      );
      for (const [at, record] of written.entries()) results[indices[at] ?? -1] = record;
    }
    return results;
  }

  /** With others that come at the same time; but whoever works under a hold, or has locks, does so by itself. */
  async writeOne(pending: PendingVersion, wait: LockWait): Promise<Written> {
    if (holdsLocks()) return (await this.write([pending], wait))[0];
    return this.together.run(pending.collection, pending, wait);
  }

  private writeTogether(
    collection: string,
    wait: LockWait,
    take: () => readonly PendingVersion[],
  ): Promise<Outcome<Written>[]> {
    return this.access.writing(collection, wait, async (fence, journal) => {
      const refused = new Map<number, unknown>();
      const refuse = (index: number, error: unknown): void => void refused.set(index, error);
      const written = await writeVersions({ ...this.parts(), journal }, collection, take(), fence, refuse);
      return written.map((value, index) => (refused.has(index) ? { error: refused.get(index) } : { value }));
    });
  }
}

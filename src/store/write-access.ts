// Who may change what, and when: the locks of a store, and the journals that go with them.

import { existsSync, mkdirSync } from "node:fs";
import { HOLD_VARIABLE, heldHere, StructuralLock } from "../coordination/index.ts";
import { assert, HoldfastError } from "../errors.ts";
import type { Catalog } from "./catalog.ts";
import type { LockWait } from "./drafts.ts";
import { fsyncPath } from "./durable.ts";
import { Journal, listJournals } from "./journal.ts";
import { type Fresh, JournalFold } from "./journal-fold.ts";
import type { Layout } from "./layout.ts";
import { lockOptions } from "./lock-wait.ts";
import { refuseLinks } from "./no-links.ts";
import { recovered } from "./recovery.ts";
import type { Fence, NumberedFence } from "./write-versions.ts";

/** True where the caller's own async context holds locks, or its process was started under a hold. */
export function holdsLocks(): boolean {
  return heldHere().length > 0 || (process.env[HOLD_VARIABLE] ?? "") !== "";
}

export class WriteAccess {
  private readonly layout: Layout;
  private readonly lock: StructuralLock;
  private readonly onEntered: () => void;
  private readonly catalog: () => Catalog;
  private readonly journals = new Map<string, Journal>();
  /** What this process has saved a moment ago, and the catalog does not have yet. */
  readonly fresh: Fresh = new Map();
  private isRecovered = false;
  private hasData = false;

  /** `onEntered` is called each time locks were got, before anything is done under them. */
  constructor(layout: Layout, onEntered: () => void, catalog: () => Catalog) {
    this.layout = layout;
    this.catalog = catalog;
    this.lock = new StructuralLock(layout.locks);
    this.onEntered = onEntered;
  }

  /** Several at once do no harm: each journal is replayed under its lock. */
  async recovered(wait: LockWait): Promise<void> {
    if (this.isRecovered) return;
    await recovered(this.layout, wait);
    this.isRecovered = true;
  }

  /** For those who read without waiting. */
  requireRecovered(): void {
    assert(this.isRecovered, "a store is recovered before it is read");
  }

  /** Runs `body` with one collection's lock held, for whoever only adds versions to it by way of its journal. */
  writing<T>(
    collection: string,
    wait: LockWait,
    body: (fence: NumberedFence, journal: Journal) => Promise<T>,
  ): Promise<T> {
    return this.locked([collection], wait, (fence) => {
      // The order of arrival is that in which this process has saved, in whatever collections.
      this.foldOwn(collection);
      return body(fence, this.journalOf(collection));
    });
  }

  /** Runs `body` with the collections' locks held, and all of them flushed in their own place. */
  exclusively<T>(collections: readonly string[], wait: LockWait, body: (fence: Fence) => Promise<T>): Promise<T> {
    return this.locked(collections, wait, async (fence) => {
      for (const collection of collections) await this.journalOf(collection).checkpoint(); // guard: checkpoint-first
      return body(fence);
    });
  }

  /** Runs `body` while nobody else writes in this store, all of it flushed in its own place. */
  async alone<T>(wait: LockWait, body: (fence: Fence) => Promise<T>): Promise<T> {
    await this.ready(wait);
    return this.lock.alone(lockOptions(wait), async (fence) => {
      this.onEntered();
      for (const { collection } of listJournals(this.layout)) {
        if (collection !== undefined) await this.journalOf(collection).checkpoint();
      }
      return body(fence);
    });
  }

  /** What this process has saved, but for one collection, has its rows in the catalog then, unless somebody else is writing there. */
  foldOwn(butOf?: string): void {
    for (const [collection, journal] of this.journals) if (collection !== butOf) journal.foldOwn();
  }

  close(): void {
    for (const journal of this.journals.values()) journal.close();
  }

  private async locked<T>(
    collections: readonly string[],
    wait: LockWait,
    body: (fence: NumberedFence) => Promise<T>,
  ): Promise<T> {
    await this.ready(wait);
    return this.lock.withCollections(collections, lockOptions(wait), (fence) => {
      refuseLinks(...collections.map((collection) => this.layout.collectionDir(collection)));
      this.onEntered();
      return body(fence);
    });
  }

  private async ready(wait: LockWait): Promise<void> {
    if (!existsSync(this.layout.workspaceFile)) {
      // Made anew, its folders would hold versions of no workspace.
      throw new HoldfastError("FOLDER_GONE", `the workspace in ${this.layout.folder} is gone`, {
        hint: "Nothing was saved. Bring it back, then run the command again.",
        details: { path: this.layout.workspaceFile },
      });
    }
    await this.recovered(wait);
    if (this.hasData) return;
    if (mkdirSync(this.layout.data, { recursive: true }) !== undefined) fsyncPath(this.layout.root);
    this.hasData = true;
  }

  private journalOf(collection: string): Journal {
    let journal = this.journals.get(collection);
    if (journal === undefined) {
      journal = new Journal(
        this.layout,
        collection,
        new JournalFold(this.layout, collection, this.catalog, this.fresh),
      );
      this.journals.set(collection, journal);
    }
    return journal;
  }
}

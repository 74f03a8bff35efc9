// Entries that came from peers, on their way to the folder and to its hub. They are in the store; what is told here only says that
// something is to be looked at, so however many are told while one look is under way, one more is enough.

import type { Author, Entry } from "../entries/index.ts";
import type { FolderSync } from "../files/index.ts";

export class CarriedEntries implements AsyncDisposable {
  private readonly sync: FolderSync;
  private readonly mayCarry: ((author: Author) => Promise<void>) | undefined;
  private readonly onError: (error: unknown) => void;
  private readonly known = new Set<Author>();
  private readonly fresh = new Set<Author>();
  private isWanted = false;
  private isClosed = false;
  private running: Promise<void> | undefined;

  constructor(
    sync: FolderSync,
    mayCarry: ((author: Author) => Promise<void>) | undefined,
    onError: (error: unknown) => void,
  ) {
    this.sync = sync;
    this.mayCarry = mayCarry;
    this.onError = onError;
  }

  take(entries: readonly Entry[]): void {
    for (const { author } of entries) if (!this.known.has(author)) this.fresh.add(author);
    this.isWanted = true;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.isWanted && !this.isClosed) {
      this.isWanted = false;
      try {
        await this.introduce();
        await this.sync.takeFromPeers();
      } catch (error) {
        this.onError(error);
      }
    }
  }

  /** The hub takes entries only of those that it knows. */
  private async introduce(): Promise<void> {
    const { db, store } = this.sync.parts;
    for (const { entry } of db.all<{ entry: Entry["id"] }>("SELECT entry FROM unsent")) {
      const author = store.catalog.entryById(entry)?.author;
      if (author !== undefined && !this.known.has(author)) this.fresh.add(author);
    }
    for (const author of this.fresh) {
      await this.mayCarry?.(author);
      this.fresh.delete(author);
      this.known.add(author);
    }
  }
}

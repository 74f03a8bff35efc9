// Entries that came from peers, on their way to the folder and to its hub. They are in the store; what is told here only says that
// something is to be looked at, so however many are told while one look is under way, one more is enough.
//
// A hub takes entries only of authors whose keys it knows. The folder's own hub is told of them; another one is shown a proof, which
// the author itself gives when it is there.

import type { Author, Entry } from "../entries/index.ts";
import type { FolderSync } from "../files/index.ts";

/** Authors that are remembered as met and not yet known at the hub, at the most. */
const MAX_MET = 10_000;

export class CarriedEntries implements AsyncDisposable {
  private readonly sync: FolderSync;
  /** Makes `author` known at the hub; false when that cannot be done now. */
  private readonly introduce: (author: Author) => Promise<boolean>;
  private readonly onError: (error: unknown) => void;
  private readonly met = new Set<Author>();
  private isWanted = false;
  private isClosed = false;
  private running: Promise<void> | undefined;

  constructor(sync: FolderSync, introduce: (author: Author) => Promise<boolean>, onError: (error: unknown) => void) {
    this.sync = sync;
    this.introduce = introduce;
    this.onError = onError;
  }

  take(entries: readonly Entry[]): void {
    for (const { author } of entries) this.note(author);
    this.look();
  }

  /** `author` is there: it can be asked. */
  meet(author: Author): void {
    this.note(author);
    this.look();
  }

  /** Resolves when all that came so far has been looked at. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    await this.running;
  }

  private note(author: Author): void {
    if (!this.sync.isCarried(author) && this.met.size < MAX_MET) this.met.add(author);
  }

  private look(): void {
    this.isWanted = true;
    if (this.isClosed) return;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  private async run(): Promise<void> {
    while (this.isWanted && !this.isClosed) {
      this.isWanted = false;
      try {
        await this.introduceMet();
        await this.sync.takeFromPeers();
      } catch (error) {
        this.onError(error);
      }
    }
  }

  private async introduceMet(): Promise<void> {
    for (const author of this.met) {
      // Who is not there now is met again, or its entries are.
      this.met.delete(author);
      if (await this.introduce(author).catch(() => false)) this.sync.carry(author);
    }
  }
}

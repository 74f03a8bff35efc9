// A folder kept in step with a hub. Start here.
//
//   look        what happened in the folder since it was last looked at           (look.ts, plan-local.ts)
//   take-local  each change becomes a version in the store, then a row in the outbox (take-local.ts)
//   push        the outbox goes to the hub, lane by lane                          (hub-client/push.ts)
//   pull        what is new at the hub goes into the store                        (hub-client/pull.ts)
//   take-remote its documents become heads, or are joined with ours               (take-remote.ts, join-heads.ts)
//   lay-out     the folder shows the heads, where it is clean                     (lay-out.ts, place.ts)
//
// What concerns the folder's rows runs in one lane, one step after the other; the network is waited for outside of it.

import { join } from "node:path";
import { type HeldLock, SerialByKey, sleep } from "../coordination/index.ts";
import type { Author } from "../entries/index.ts";
import { type HoldfastError, toHoldfastError } from "../errors.ts";
import {
  countSendable,
  type HubApi,
  hasSendable,
  passOwnEntries,
  pollStatus,
  refillOutbox,
  type SyncDb,
  takeSyncLock,
} from "../hub-client/index.ts";
import type { Layout, Store } from "../store/index.ts";
import { AsideWatch } from "./aside-watch.ts";
import { Documents } from "./documents.ts";
import type { OnFolderEvent } from "./events.ts";
import { FolderLoops } from "./folder-loops.ts";
import { type FolderParts, fillFrom, leaveAlone } from "./folder-parts.ts";
import { FolderPull } from "./folder-pull.ts";
import { FolderPush } from "./folder-push.ts";
import { type FolderStatus, folderStatus } from "./folder-status.ts";
import { Forks } from "./forks.ts";
import { UNREADABLE } from "./gone-refusals.ts";
import { HubTerms } from "./hub-terms.ts";
import { readIgnoreRules } from "./ignore-rules.ts";
import { layOut } from "./lay-out.ts";
import { look } from "./look.ts";
import { Obstacles } from "./obstacles.ts";
import { Clashes } from "./part-folders.ts";
import { Placer } from "./place.ts";
import type { LocalChange } from "./plan-local.ts";
import { recallFiles } from "./recall-files.ts";
import { recoverHeads } from "./recover-heads.ts";
import { SyncProgress } from "./sync-progress.ts";
import { takeLocal } from "./take-local.ts";
import { joinAllBehind } from "./take-remote.ts";
import { leaveOutTooLarge, reconsiderTooLarge } from "./too-large.ts";

export interface FolderSyncOptions {
  readonly store: Store;
  readonly api: HubApi;
  readonly db: SyncDb;
  readonly layout: Layout;
  readonly onEvent?: OnFolderEvent;
  readonly signal?: AbortSignal;
  /** Entries of others come into the store from peers, too; `takeFromPeers` is told of them. `alone`: these have no common hub. */
  readonly peers?: "alone" | "beside a hub" | undefined;
  /** Who syncs, as people say it. Default `holdfast`. */
  readonly holder?: string;
  /** Told that sync.db or the catalog was found damaged while in use (`CORRUPT`, with its path in `details`): the folder
   *  is to be stopped and opened anew. */
  readonly onDamage?: (error: HoldfastError) => void;
}

export interface SyncResult {
  readonly pulled: number;
  readonly pushed: number;
  readonly sequence: number;
}

/** Rounds of pull and push in one `syncOnce` at the most; each round but the last brought something. */
const MAX_ROUNDS = 10_000;
/** How long the answer to the batch before is waited for, before the next is queued, ms. */
const KEEP_UP_MS = 2_000;
/** Before each question whether the hub has finished with what one sync sent, ms. */
const FINISH_PAUSES_MS = [0, 20, 50, 100, 200, 400];
/** How long a start waits for each of the hub's first answers before it goes on without, ms. */
const FIRST_ANSWER_MS = 2_000;

const CARRIED = "carried";

/** Authors whose entries the hub was found to take from us. */
function readCarried(db: SyncDb): readonly Author[] {
  return JSON.parse(db.meta(CARRIED) ?? "[]") as Author[];
}

export class FolderSync {
  private readonly options: FolderSyncOptions;
  private readonly lock: HeldLock;
  private readonly lane = new SerialByKey<string>();
  private readonly asides: AsideWatch;
  private readonly loops: FolderLoops;
  private readonly sending: FolderPush;
  private readonly receiving: FolderPull;
  private readonly terms: HubTerms;
  private readonly carried = new Set<Author>();
  readonly parts: FolderParts;

  private constructor(options: FolderSyncOptions, lock: HeldLock) {
    const { layout, store, db } = options;
    this.options = options;
    this.lock = lock;
    this.carried.add(store.identity.author);
    if (options.peers !== undefined) for (const author of readCarried(db)) this.carried.add(author);
    this.terms = new HubTerms(options.api, db, store.identity, () => this.onFileLimit());
    this.sending = new FolderPush(this, options.api, this.terms);
    this.receiving = new FolderPull(this, options.api, this.terms, () => this.loops.kickPush());
    this.loops = new FolderLoops(this, options.api, layout.folder);
    this.asides = new AsideWatch((aside) => this.inLane(() => this.asides.salvage(this.parts, aside)));
    this.parts = {
      layout,
      store,
      db,
      documents: new Documents(db),
      placer: new Placer(layout.folder, join(layout.root, "aside")),
      onEvent: (event) => options.onEvent?.(event),
      progress: new SyncProgress((event) => options.onEvent?.(event)),
      lookAgain: (path) => this.loops.noticePath(path),
      obstacles: new Obstacles((path) => this.loops.noticePath(path)),
      clashes: new Clashes(),
      forks: options.peers === "alone" ? new Forks() : undefined,
      carried: this.carried,
      keepAside: (aside) => this.asides.keep(aside),
    };
  }

  /** Takes the sync lock for its life. Throws `SYNC_RUNNING`. */
  static async open(options: FolderSyncOptions): Promise<FolderSync> {
    const lock = await takeSyncLock(options.layout, options.holder ?? "holdfast");
    try {
      const sync = new FolderSync(options, lock);
      await sync.recover();
      return sync;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** What a crash may have left: files aside, and versions that were saved and not yet recorded as heads. */
  private async recover(): Promise<void> {
    const { parts } = this;
    parts.store.checkCatalog((path, aside) => {
      parts.onEvent({ kind: "notice", message: `${path} was damaged: it is kept as ${aside}, and was made anew` });
    });
    parts.placer.restoreAsides(parts.documents);
    parts.store.sweep();
    // First of all, or versions that were published and not yet in the catalog would be taken for saves never seen.
    await parts.store.settlePending();
    await fillFrom(parts);
    await recallFiles(parts);
    await recoverHeads(parts);
  }

  /** Resolves when the folder is scanned and watched; from then on it is kept in step until `stop`. A hub that does not
   *  answer is not waited for: it is followed when it comes. */
  async start(): Promise<void> {
    await this.terms.unlessSilent(FIRST_ANSWER_MS, () => this.loops.start());
  }

  /** Scans, pulls and pushes until neither side has anything new. Throws when the hub cannot be reached. */
  async syncOnce(): Promise<SyncResult> {
    let pulled = 0;
    let pushed = 0;
    pulled += await this.pull();
    await this.scanAll();
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const sent = await this.push("throw");
      const got = await this.pull();
      pushed += sent;
      pulled += got;
      const seen = await this.takePaths(this.loops.takeNoticed());
      if (sent === 0 && got === 0 && seen === 0 && !(await this.partAll())) break;
    }
    await this.awaitHub();
    return { pulled, pushed, sequence: this.parts.db.cursor };
  }

  /** Parts what was left to other machines: a sync that ends does not wait for them. False: there was nothing. */
  private async partAll(): Promise<boolean> {
    const { clashes, db } = this.parts;
    if (!clashes.areLeft) return false;
    clashes.isImpatient = true;
    try {
      await this.inLane(() => this.bringTogether());
    } finally {
      clashes.isImpatient = false;
    }
    clashes.forget();
    return hasSendable(db);
  }

  /** Gives the hub a moment to finish with what it took; what it has not finished by then is asked about next time. */
  private async awaitHub(): Promise<void> {
    for (const pauseMs of FINISH_PAUSES_MS) {
      await sleep(pauseMs, this.options.signal);
      if ((await pollStatus(this.parts.db, this.options.api)) === 0) return;
    }
  }

  /** Waits at most `drainMs` for what is under way, then ends; what is left stays queued and is told. */
  async stop(options: { drainMs?: number } = {}): Promise<{ left: number }> {
    try {
      await this.loops.stop(options.drainMs ?? 5_000);
      await this.asides.close();
      await this.inLane(async () => {});
    } finally {
      await this.lock.release();
    }
    return { left: countSendable(this.parts.db) };
  }

  status(): FolderStatus {
    return folderStatus(this.parts.db);
  }

  /** True while no step is under way, nor waited for. */
  get isAtRest(): boolean {
    return this.lane.size === 0;
  }

  inLane<T>(step: () => Promise<T>): Promise<T> {
    return this.lane.run("folder", step);
  }

  /** Looks at the whole folder. */
  async scanAll(): Promise<number> {
    return this.takePaths(new Set([""]));
  }

  /** Looks at `paths`, takes in what changed there, and queues it. Returns how many versions that made. */
  async takePaths(paths: ReadonlySet<string>): Promise<number> {
    if (paths.size === 0) return 0;
    return this.inLane(async () => {
      const { parts } = this;
      const rules = readIgnoreRules(parts.layout.folder);
      let written = 0;
      let batches = 0;
      let hubKeepsUp = true;
      parts.progress.begin("scan");
      parts.obstacles.noteLook();
      const take = async (changes: readonly LocalChange[]): Promise<void> => {
        written += await takeLocal(parts, leaveOutTooLarge(parts, changes, this.terms.fileBytes), async () => {
          // Sending begins with the first batch, while the next is being read. The one before has gone by then, or others
          // would have to wait for the last to be read before they get the first.
          if (batches > 0 && hubKeepsUp) hubKeepsUp = await this.answered(KEEP_UP_MS);
          batches += 1;
          await fillFrom(parts);
          this.loops.kickPush();
        });
      };
      const { changes, unread } = await look(parts, paths, rules, take, this.options.signal);
      for (const { path, reason } of unread) leaveAlone(parts, path, `${UNREADABLE} (${reason})`);
      const settled = this.loops.holdBackVanished(changes, paths);
      if (written === 0 && settled.length === 0 && parts.documents.unlaid(1, "").length === 0) return 0;
      await take(settled);
      await this.bringTogether();
      this.loops.kickPush();
      return written;
    });
  }

  /** Inside the lane: joins what both sides changed, and lays out. */
  async bringTogether(): Promise<number> {
    const { parts } = this;
    await fillFrom(parts);
    await joinAllBehind(parts);
    const changed = await layOut(parts);
    await fillFrom(parts);
    return changed;
  }

  /** The hub takes `author`'s entries from us: what is here of them goes there. */
  carry(author: Author): void {
    if (this.carried.has(author)) return;
    const { db } = this.parts;
    db.transaction(() => {
      db.setMeta(CARRIED, JSON.stringify([...this.carried, author]));
      refillOutbox(db);
    });
    this.carried.add(author);
  }

  isCarried(author: Author): boolean {
    return this.carried.has(author);
  }

  /** Versions of documents that came from peers are in the store: the folder takes them into account, and the hub gets them. */
  async takeFromPeers(): Promise<void> {
    const { parts } = this;
    const againMs = await this.inLane(async () => {
      await fillFrom(parts);
      await recoverHeads(parts);
      await this.bringTogether();
      return parts.forks?.nextLookMs();
    });
    this.loops.kickPush();
    if (againMs !== undefined) this.loops.later(againMs, () => this.takeFromPeers());
  }

  /** Moves the cursor over entries that came from here: the hub said where they stand, so they need not come back.
   *  Returns the cursor. */
  passOwn(): number {
    return passOwnEntries(this.parts.store, this.parts.db);
  }

  /** Takes in all that is new at the hub. Returns how many entries of others that were. */
  pull(): Promise<number> {
    return this.receiving.pull();
  }

  /** Sends what may be sent. Returns how many entries the hub took. */
  push(onFailure: "throw" | "later"): Promise<number> {
    return this.sending.push(onFailure);
  }

  /** Resolves when nothing is on its way to the hub without an answer, or after `limitMs`: false then. */
  answered(limitMs: number): Promise<boolean> {
    return this.sending.answered(limitMs);
  }

  private onFileLimit(): void {
    reconsiderTooLarge(this.parts);
    this.loops.kickPush();
  }

  private get standsOn(): readonly string[] {
    const { syncFile, catalogFile } = this.options.layout;
    return [syncFile, catalogFile];
  }

  /** Records a failure for `status`, and says whether trying again can help. */
  noteFailure(thrown: unknown): HoldfastError {
    const error = toHoldfastError(thrown);
    try {
      this.parts.db.recordError(error.code, error.message);
    } catch {
      // A full disk takes no note of itself; the next failure, or success, is noted when there is room again.
    }
    if (error.code === "CORRUPT" && this.standsOn.includes(String(error.details?.path))) this.options.onDamage?.(error);
    if (error.code === "HUB_UNREACHABLE") this.terms.doubt();
    // Whoever lost the right to write may get it back under another token, which has to learn our key first.
    if (error.code === "UNAUTHORIZED" || error.code === "NOT_AUTHOR") this.terms.forget();
    return error;
  }
}

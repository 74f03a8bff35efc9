// What keeps a folder in step as long as it is up: a watcher that notices paths, and loops that are kicked by it and by
// the hub. Kicks are levels, not events: a loop that was kicked while it ran runs once more, and however many kicks came
// in between are one.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Backoff, sleep } from "../coordination/index.ts";
import { type ErrorCode, isHoldfastError } from "../errors.ts";
import { BACKOFF_MS, type HubApi, hasDeferred, nextTryAt, pollStatus, wakeWaiting } from "../hub-client/index.ts";
import type { FolderSync } from "./folder-sync.ts";
import { IGNORE_FILE, readIgnoreRules } from "./ignore-rules.ts";
import { NoticedPaths } from "./noticed-paths.ts";
import type { LocalChange } from "./plan-local.ts";
import { FolderWatch } from "./watch.ts";
import { beginWatch, tellingHandlers } from "./watch-state.ts";

/** Whatever watching missed is found by a scan, ms between two. */
const SCAN_EVERY_MS = 60_000;
const SCAN_EVERY_UNWATCHED_MS = 2_000;
/** How often it is asked whether another process has written something, ms. */
const OTHERS_EVERY_MS = 100;
const POLL_MS = [50, 100, 200, 500, 1_000];
const RECONNECT_MS = [100, 250, 500, 1_000, 2_000, 5_000];
/** How long the answer to what was sent is waited for before all that is new is asked for, ms. */
const ANSWER_MS = 1_000;

export class FolderLoops {
  private readonly sync: FolderSync;
  private readonly api: HubApi;
  private readonly folder: string;
  private readonly ended = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private watch: FolderWatch | undefined;
  private isStarted = false;
  private readonly noticed: NoticedPaths;
  private pushTimer: NodeJS.Timeout | undefined;
  private scanTimer: NodeJS.Timeout | undefined;
  private othersTimer: NodeJS.Timeout | undefined;
  private readonly kicked = { push: false, pull: false, look: false, poll: false };
  private readonly active = { push: false, pull: false, look: false, poll: false };
  private readonly pullPause = new Backoff({ delaysMs: RECONNECT_MS });
  private deferredTimer: NodeJS.Timeout | undefined;
  private readonly deferredPause = new Backoff({ delaysMs: [...BACKOFF_MS] });

  constructor(sync: FolderSync, api: HubApi, folder: string) {
    this.sync = sync;
    this.api = api;
    this.folder = folder;
    this.noticed = new NoticedPaths(() => this.kick("look"));
  }

  async start(): Promise<void> {
    this.isStarted = true;
    this.noticed.start();
    beginWatch(this.sync.parts.db);
    // Watch first, then scan: what changes during the scan is noticed, and looked at after it.
    this.watchAnew();
    // What the hub has comes before what lies here, so that the same file on both sides is recognised, not sent.
    await this.sync.pull().catch((error: unknown) => this.sync.noteFailure(error));
    await this.sync.scanAll();
    this.armScan();
    this.watchOthers();
    this.background(this.follow());
    this.kickPush();
    this.kick("poll");
  }

  /** Runs `step` in `ms`, unless the loops have ended by then. */
  later(ms: number, step: () => Promise<void>): void {
    const { signal } = this.ended;
    this.background(
      sleep(ms, signal)
        .then(step)
        .catch((error: unknown) => {
          if (!signal.aborted) this.sync.noteFailure(error);
        }),
    );
  }

  /** Ends the loops; what is queued may still go for `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    // A save made right before the stop may still have to be told by the system.
    if (this.isStarted) await nextTurn().then(() => nextTurn());
    clearTimeout(this.scanTimer);
    clearInterval(this.othersTimer);
    this.watch?.stop();
    this.noticed.stop();
    if (this.isStarted && drainMs > 0) {
      const drain = (async () => {
        await this.sync.takePaths(this.takeNoticed());
        await this.sync.push("throw");
      })().catch((error: unknown) => this.sync.noteFailure(error));
      await Promise.race([drain, sleep(drainMs, this.ended.signal).catch(() => {})]);
    }
    this.ended.abort();
    clearTimeout(this.pushTimer);
    clearTimeout(this.deferredTimer);
    // A hub that does not answer is not waited for: what it was sent is sent again, and recognised.
    if (this.isStarted) this.api.end();
    this.isStarted = false;
    await Promise.allSettled(this.running);
  }

  /** Watches by the rules as they are now. */
  private watchAnew(): void {
    this.watch?.stop();
    const handlers = tellingHandlers(this.sync.parts, {
      onPath: (path) => {
        if (path === IGNORE_FILE) this.watchAnew();
        else if (this.sync.parts.placer.isAsPlaced(path)) return;
        this.noticePath(path === IGNORE_FILE ? "" : path);
      },
      // The first scan of all is on its way, and arms the next one.
      scanOften: () => {
        if (this.scanTimer !== undefined) this.scanFrom(0);
      },
    });
    this.watch = new FolderWatch(this.folder, readIgnoreRules(this.folder), handlers);
  }

  /** Other processes save notes and data, subscribe and retry: what they wrote is noticed and sent. */
  private watchOthers(): void {
    const { db, store } = this.sync.parts;
    let known = `${db.dataVersion()} ${store.catalog.dataVersion()}`;
    this.othersTimer = setInterval(() => {
      try {
        const now = `${db.dataVersion()} ${store.catalog.dataVersion()}`;
        if (now === known) return;
        known = now;
        this.kickPush();
        if (db.meta("notes_behind") !== undefined) this.kick("pull");
      } catch (error) {
        this.sync.noteFailure(error);
      }
    }, OTHERS_EVERY_MS);
    this.othersTimer.unref();
  }

  private armScan(): void {
    this.scanFrom(this.watch?.isPartial === true ? SCAN_EVERY_UNWATCHED_MS : SCAN_EVERY_MS);
  }

  /** Scans in `ms`, and then as often as is needed. */
  private scanFrom(ms: number): void {
    clearTimeout(this.scanTimer);
    this.scanTimer = setTimeout(() => {
      this.watch?.retry();
      this.noticePath("");
      this.armScan();
    }, ms);
    this.scanTimer.unref();
  }

  private background(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.running.delete(tracked));
    this.running.add(tracked);
  }

  /** Something may have changed at or below `path`; "" is the whole folder. */
  noticePath(path: string): void {
    this.noticed.notice(path);
  }

  /** Everything noticed so far, due or not. */
  takeNoticed(): Set<string> {
    return this.noticed.takeAll();
  }

  /** Leaves out files that are gone and may turn up elsewhere in a moment. */
  holdBackVanished(changes: readonly LocalChange[], looked: ReadonlySet<string>): LocalChange[] {
    return this.noticed.holdBackVanished(changes, looked);
  }

  /** What the hub did not give out yet is asked for again, although it has nothing newer to tell of (FILE-28). */
  private armDeferred(): void {
    clearTimeout(this.deferredTimer);
    if (!hasDeferred(this.sync.parts.db)) this.deferredPause.reset();
    else if (!this.ended.signal.aborted) {
      this.deferredTimer = setTimeout(() => this.kick("pull"), this.deferredPause.next());
      this.deferredTimer.unref();
    }
  }

  kickPush(): void {
    if (this.isStarted) this.kick("push");
  }

  private kick(loop: keyof FolderLoops["kicked"]): void {
    if (this.ended.signal.aborted) return;
    this.kicked[loop] = true;
    if (this.active[loop]) return;
    this.active[loop] = true;
    this.background(this.run(loop));
  }

  private async run(loop: keyof FolderLoops["kicked"]): Promise<void> {
    while (this.kicked[loop] && !this.ended.signal.aborted) {
      this.kicked[loop] = false;
      try {
        await this.steps[loop]();
      } catch (error) {
        this.sync.noteFailure(error);
        if (isHoldfastError(error, "FOLDER_GONE")) {
          this.sync.parts.onEvent({ kind: "notice", message: error.message });
          this.ended.abort(error);
        }
      }
    }
    this.active[loop] = false;
  }

  private readonly steps = {
    look: async (): Promise<void> => {
      const due = this.noticed.takeDue();
      try {
        await this.sync.takePaths(due);
      } catch (error) {
        // What was noticed and could not be taken in is noticed still.
        for (const path of due) this.noticePath(path);
        throw error;
      } finally {
        this.noticed.arm();
      }
    },
    push: async (): Promise<void> => {
      const sent = await this.sync.push("later");
      if (sent > 0) this.kick("poll");
      const at = nextTryAt(this.sync.parts.db, Date.now());
      clearTimeout(this.pushTimer);
      if (at !== undefined) this.pushTimer = setTimeout(() => this.kick("push"), Math.max(10, at - Date.now()));
    },
    pull: async (): Promise<void> => {
      try {
        await this.sync.pull();
        this.pullPause.reset();
        this.armDeferred();
      } catch (error) {
        this.sync.noteFailure(error);
        await sleep(this.pullPause.next(), this.ended.signal).catch(() => {});
        this.kicked.pull = true;
      }
    },
    poll: async (): Promise<void> => {
      const pause = new Backoff({ delaysMs: POLL_MS });
      while (!this.ended.signal.aborted) {
        try {
          if ((await pollStatus(this.sync.parts.db, this.api)) === 0) return;
        } catch (error) {
          this.sync.noteFailure(error);
        }
        await sleep(pause.next(), this.ended.signal).catch(() => {});
      }
    },
  };

  /** Follows the hub: every hint that there is something new kicks the pull loop; a lost connection is made again. */
  private async follow(): Promise<void> {
    const pause = new Backoff({ delaysMs: RECONNECT_MS });
    const { signal } = this.ended;
    /** Why it is not followed at the moment: told when that changes, not at every try. */
    let lost: ErrorCode | "not yet" | undefined = "not yet";
    while (!signal.aborted) {
      try {
        for await (const event of this.api.events({ data: "wake", since: this.sync.parts.db.cursor, signal })) {
          pause.reset();
          if (event.event === "entry") continue;
          if (event.event === "ready") {
            if (lost !== undefined) this.sync.parts.onEvent({ kind: "hub", state: "back" });
            lost = undefined;
            // The hub answers again: what waits because it did not may go now.
            wakeWaiting(this.sync.parts.db);
            this.kick("pull");
            this.kickPush();
            this.kick("poll");
          } else {
            // What is being sent right now may be all that is new; the answer says so a moment after this hint.
            if (event.sequence > this.sync.passOwn()) await this.sync.answered(ANSWER_MS);
            if (event.sequence > this.sync.passOwn()) this.kick("pull");
          }
        }
      } catch (error) {
        const { code, message } = this.sync.noteFailure(error);
        if (code !== lost && !signal.aborted) this.sync.parts.onEvent({ kind: "hub", state: "lost", code, message });
        lost = code;
      }
      await sleep(pause.next(), signal).catch(() => {});
    }
  }
}

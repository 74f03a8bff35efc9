// Paths that may have changed, and when each is to be looked at. No file is touched here; time is the only thing asked.

import type { LocalChange } from "./plan-local.ts";

/** A path is looked at when nothing more was noticed of it for this long, ms. */
const QUIET_MS = 20;
/** Saves of one path within this time are one version, ms (FILE-08). */
const COALESCE_MS = 500;
/** A file that is gone may have gone elsewhere: how long its new place is waited for, ms. */
const VANISHED_MS = 120;
const VANISHED_MOST_MS = 1_000;
/** A wait that was not gone on with for so long is over: the file had gone elsewhere, ms. */
const WAIT_OVER_MS = 2 * VANISHED_MOST_MS;
const MAX_REMEMBERED = 10_000;

export class NoticedPaths {
  private readonly onDue: () => void;
  private readonly now: () => number;
  /** When each may be looked at, and since when it is noticed, ms of the monotonic clock. */
  private readonly noticed = new Map<string, { readonly dueAt: number; readonly since: number }>();
  private readonly takenAt = new Map<string, number>();
  private readonly vanished = new Map<string, { readonly since: number; readonly seenAt: number }>();
  private timer: NodeJS.Timeout | undefined;
  /** When the look that is armed comes. */
  private armedFor = Number.POSITIVE_INFINITY;
  private isRunning = false;

  /** `onDue` is called when something is to be looked at, while it is running. */
  constructor(onDue: () => void, now: () => number = () => performance.now()) {
    this.onDue = onDue;
    this.now = now;
  }

  start(): void {
    this.isRunning = true;
    this.arm();
  }
  stop(): void {
    this.isRunning = false;
    clearTimeout(this.timer);
  }

  /** Something may have changed at or below `path`; "" is the whole folder. */
  notice(path: string): void {
    const now = this.now();
    const last = this.takenAt.get(path);
    // A file that never rests is looked at all the same, once in a while.
    const since = this.noticed.get(path)?.since ?? now;
    const quietAt = Math.min(now + QUIET_MS, since + COALESCE_MS);
    const dueAt = Math.max(quietAt, last === undefined ? 0 : last + COALESCE_MS);
    this.noticed.set(path, { dueAt, since });
    if (dueAt < this.armedFor) this.arm(dueAt);
  }

  /** Calls `onDue` at `dueAt`, or when the first of what is noticed is due. Called too early, it is called again. */
  arm(dueAt = this.firstDue()): void {
    if (!this.isRunning || this.noticed.size === 0) return;
    clearTimeout(this.timer);
    this.armedFor = dueAt;
    this.timer = setTimeout(
      () => {
        this.armedFor = Number.POSITIVE_INFINITY;
        this.onDue();
      },
      Math.max(1, dueAt - this.now()),
    );
  }

  private firstDue(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.noticed.values()) first = Math.min(first, dueAt);
    return first;
  }

  /** Everything noticed so far, due or not. */
  takeAll(): Set<string> {
    const paths = new Set(this.noticed.keys());
    this.noticed.clear();
    return paths;
  }

  takeDue(): Set<string> {
    const now = this.now();
    const due = new Set<string>();
    for (const [path, { dueAt }] of this.noticed) if (dueAt <= now) due.add(path);
    for (const path of due) {
      this.noticed.delete(path);
      this.takenAt.set(path, now);
    }
    if (this.takenAt.size > MAX_REMEMBERED) {
      for (const [path, at] of this.takenAt) if (at < now - COALESCE_MS) this.takenAt.delete(path);
    }
    return due;
  }

  /**
   * Leaves out files that are gone and may turn up elsewhere in a moment: a rename is told as two events. Whoever looks
   * at the whole folder has seen every place already; and what was replaced goes at once, or both would be there.
   */
  holdBackVanished(changes: readonly LocalChange[], looked: ReadonlySet<string>): LocalChange[] {
    if (looked.has("") || !this.isRunning) return [...changes];
    const now = this.now();
    for (const [path, { seenAt }] of this.vanished) if (now - seenAt > WAIT_OVER_MS) this.vanished.delete(path);
    const held: string[] = [];
    const kept = changes.filter((change) => {
      if (change.kind !== "remove" || change.isReplaced) return true;
      const { path } = change.row;
      const since = this.vanished.get(path)?.since ?? now;
      const waited = now - since;
      if (waited >= VANISHED_MOST_MS || (waited >= VANISHED_MS && this.noticed.size === 0)) {
        this.vanished.delete(path);
        return true;
      }
      this.vanished.set(path, { since, seenAt: now });
      held.push(path);
      return false;
    });
    for (const path of held) this.noticed.set(path, { dueAt: now + VANISHED_MS, since: now });
    if (held.length > 0) this.arm();
    return kept;
  }
}

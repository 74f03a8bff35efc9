// What stands in the way of laying something out. It is looked at once more before anybody is told: it may be a save that
// was not seen yet, and then goes its own way. After that it is told, and tried again by itself until it is gone.

import { type FolderParts, leaveAlone } from "./folder-parts.ts";

/** What could not be laid out is tried again after this long, ms. */
const RETRY_MS = 2_000;
/** Paths remembered at the most; beyond, an obstacle may be told a look too early. */
const MAX_REMEMBERED = 10_000;
/** How the reason begins for a path that a document has and that cannot be shown. */
export const NOT_LAID_OUT = "it cannot be laid out here";

export class Obstacles {
  private readonly lookAgain: (path: string) => void;
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** Paths that something was in the way of, and how many looks there had been by then. */
  private readonly met = new Map<string, number>();
  private looks = 0;

  constructor(lookAgain: (path: string) => void) {
    this.lookAgain = lookAgain;
  }

  /** The folder, or a part of it, was looked at. */
  noteLook(): void {
    this.looks += 1;
  }

  /** True when `path` is met for the first time, or nobody has looked since. */
  isNew(path: string): boolean {
    const met = this.met.get(path);
    if (met !== undefined) return this.looks === met;
    if (this.met.size >= MAX_REMEMBERED) this.met.clear();
    this.met.set(path, this.looks);
    return true;
  }

  forget(path: string): void {
    this.met.delete(path);
  }
  forgetAll(): void {
    this.met.clear();
  }

  /** Looks at `path` again in a while, once for however many ask. */
  retryLater(path: string): void {
    if (this.timers.has(path)) return;
    const timer = setTimeout(() => {
      this.timers.delete(path);
      this.lookAgain(path);
    }, RETRY_MS);
    timer.unref();
    this.timers.set(path, timer);
  }
}

/** What is at `obstacle` keeps `path` from being laid out. */
export function noteObstacle(parts: FolderParts, path: string, obstacle: string, what: string): void {
  if (parts.obstacles.isNew(path)) parts.lookAgain(obstacle);
  else noteFailedLayOut(parts, path, what);
}

/** `path` cannot be laid out: told, and tried again. */
export function noteFailedLayOut(parts: FolderParts, path: string, what: string): void {
  parts.obstacles.retryLater(path);
  // Left alone for what it is, and told: that it is in the way of another one's version says less.
  const told = parts.documents.refusal(path);
  if (told !== undefined && !told.startsWith(NOT_LAID_OUT)) return;
  const reason = `${NOT_LAID_OUT} (${what})`;
  leaveAlone(parts, path, reason, `${path}: ${reason}; it is in the store and at the hub`);
}

/** What could not be laid out and is laid out now, or has gone elsewhere, is not left alone any more. */
export function forgetObstacles({ documents, obstacles, clashes }: FolderParts): void {
  documents.acceptLaidOut(NOT_LAID_OUT);
  if (documents.unlaid(1, "").length > 0) return;
  obstacles.forgetAll();
  clashes.forget();
}

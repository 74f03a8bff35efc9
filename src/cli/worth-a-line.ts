// Which of the things that happen in a folder are a line in the daemon's log.

import type { FolderEvent } from "../workspace/daemon.ts";

/** A notice that comes again, as one of a refused file does at every scan, is a line again after this long, ms. */
const AGAIN_AFTER_MS = 3_600_000;
/** Notices remembered; beyond that all are forgotten, and told once more. */
const MAX_REMEMBERED = 50_000;
/** Lines on the hub's going and coming within that time at the most: one that does so all day must not fill the disk. */
const MAX_HUB_LINES = 100;

export class LineChooser {
  private readonly toldMs = new Map<string, number>();
  private readonly now: () => number;
  /** Why the hub is not followed, as it was told last; a daemon begins with the hope that it is. */
  private hubLost = "";
  private hubLines = { sinceMs: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** Ten thousand files that came as they should are not; a merge, a copy kept beside, a notice are. */
  isWorthALine(event: FolderEvent): boolean {
    if (event.kind === "outcome") return event.outcome === "merged" || event.outcome === "conflicted";
    if (event.kind === "notice") return this.isNews(event.message);
    if (event.kind === "hub") return this.isHubNews(event.state === "lost" ? event.code : "");
    return event.kind !== "progress";
  }

  private isHubNews(lost: string): boolean {
    const now = this.now();
    if (now - this.hubLines.sinceMs >= AGAIN_AFTER_MS) this.hubLines = { sinceMs: now, count: 0 };
    if (lost === this.hubLost || this.hubLines.count >= MAX_HUB_LINES) return false;
    this.hubLost = lost;
    this.hubLines.count += 1;
    return true;
  }

  private isNews(message: string): boolean {
    const now = this.now();
    const told = this.toldMs.get(message);
    if (told !== undefined && now - told < AGAIN_AFTER_MS) return false;
    if (this.toldMs.size >= MAX_REMEMBERED) this.toldMs.clear();
    this.toldMs.set(message, now);
    return true;
  }
}

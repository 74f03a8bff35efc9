// An adaptive peer at work: looks now and then at what everybody holds, and moves its own segment a little towards what is right.

import { nextShare } from "./adaptive-share.ts";
import type { Point } from "./ring.ts";
import { shareOf } from "./segments.ts";
import type { SharedLog } from "./shared-log.ts";
import type { Time } from "./time.ts";

/** Between two looks, ms; not all peers in step. */
const LOOK_MS = 5_000;
/** How much the newest look at the load counts: what lasts a moment moves nothing. */
const NEWEST = 0.2;

/** What an adaptive peer is to use at the most. */
export interface ReplicateLimits {
  /** Bytes of entries and contents, those made here included. */
  readonly storageBytes?: number;
  /** Of one processor, as this process uses it: 0.5 is half of one. */
  readonly load?: number;
}

export interface AdaptationParts {
  readonly log: SharedLog;
  readonly limits?: ReplicateLimits;
  /** Of one processor, since it was asked last. */
  readonly load?: () => number;
  /** Where its segment begins: there it stays. */
  readonly start: Point;
  readonly time: Time;
  readonly random: () => number;
}

export class Adaptation {
  private readonly parts: AdaptationParts;
  private share: number;
  private load = 0;
  private readonly id: string;
  private callOff: (() => void) | undefined;

  /** Begins with everything: alone it is to hold all of it. */
  constructor(parts: AdaptationParts) {
    this.parts = parts;
    this.share = 1;
    this.id = parts.log.replicate(parts.start, 1).id;
    this.setAlarm();
  }

  close(): void {
    this.callOff?.();
  }

  private setAlarm(): void {
    const { time, random } = this.parts;
    this.callOff = time.after(LOOK_MS * (0.8 + 0.4 * random()), () => this.look());
  }

  private look(): void {
    this.setAlarm();
    const { log, start } = this.parts;
    const { segments } = log;
    const replicators = new Set(segments.map(({ owner }) => owner)).size;
    const next = nextShare({
      share: this.share,
      replicators,
      covered: shareOf(segments),
      limits: this.limits(),
    });
    if (next === this.share) return;
    this.share = next;
    log.replicate(start, next, this.id);
  }

  private limits(): { used: number; most: number }[] {
    const { log, limits: { storageBytes, load: mostLoad } = {}, load } = this.parts;
    const limits: { used: number; most: number }[] = [];
    if (storageBytes !== undefined) limits.push({ used: log.status().bytes, most: storageBytes });
    if (mostLoad !== undefined && load !== undefined) {
      this.load += NEWEST * (load() - this.load);
      limits.push({ used: this.load, most: mostLoad });
    }
    return limits;
  }
}

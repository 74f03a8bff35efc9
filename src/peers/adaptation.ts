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
/** Of the fair part, and of how much of what is held may be, so much of the ring is kept when nobody else can hold the rest. */
const LEAST_OF_FAIR = 0.25;
/** Looks at which nothing was let go, though there is too much. Letting go takes some seconds. */
const LOOKS_IN_VAIN = 6;
/** Of what was held at the look before: nothing was let go. */
const STILL_OVER = 0.99;

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
  readonly onNotice?: (message: string) => void;
}

export class Adaptation {
  private readonly parts: AdaptationParts;
  private share: number;
  private load = 0;
  /** What was held at the last look, where that was too much. */
  private overBytes: number | undefined;
  private looksInVain = 0;
  private isTold = false;
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
    const limits = this.limits();
    const next = nextShare({
      share: this.share,
      replicators,
      covered: shareOf(segments),
      limits,
      // A share that runs to nothing would say nothing of what is held.
      ...(this.isTold ? { least: (LEAST_OF_FAIR / replicators) * leastPart(limits) } : {}),
    });
    if (next === this.share) return;
    this.share = next;
    log.replicate(start, next, this.id);
  }

  private limits(): { used: number; most: number }[] {
    const { log, limits: { storageBytes, load: mostLoad } = {}, load } = this.parts;
    const limits: { used: number; most: number }[] = [];
    if (storageBytes !== undefined) {
      const used = log.status().bytes;
      // Nobody else can hold what is too much here: to give up more of the ring lets go nothing.
      const isOver = used > storageBytes;
      const isInVain = isOver && this.overBytes !== undefined && used >= this.overBytes * STILL_OVER;
      this.looksInVain = isInVain ? this.looksInVain + 1 : 0;
      this.overBytes = isOver ? used : undefined;
      limits.push({ used, most: storageBytes });
      this.tell(this.looksInVain >= LOOKS_IN_VAIN, used, storageBytes);
    }
    if (mostLoad !== undefined && load !== undefined) {
      this.load += NEWEST * (load() - this.load);
      limits.push({ used: this.load, most: mostLoad });
    }
    return limits;
  }

  /** Once, each time that it comes to it. */
  private tell(isStuck: boolean, used: number, most: number): void {
    if (isStuck && !this.isTold) {
      this.parts.onNotice?.(
        `${used} bytes are held here, of ${most} at the most: nobody else can hold them; that there are copies goes before limits`,
      );
    }
    this.isTold = isStuck;
  }
}

/** Of what is used, what may be, by the limit that is exceeded most. */
function leastPart(limits: readonly { readonly used: number; readonly most: number }[]): number {
  return Math.min(1, ...limits.map(({ used, most }) => most / Math.max(used, Number.MIN_VALUE)));
}

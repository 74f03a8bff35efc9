// When it is looked what may be let go (prune.ts). A moment after who leads what has changed; then, while there is something left that
// its leaders have not confirmed, again and again, ever more rarely. And as long as something lies here that others lead: now and then
// after they have said that what they hold has changed. A delete is pushed to everybody, and a push may be lost: leaders find it when
// they catch up, others hear of it only by asking for what they hold.

import type { Prune } from "./prune.ts";
import type { Time } from "./time.ts";

/** After the last change of who leads what, before anything is let go, ms. */
const AFTER_MS = 2_000;
/** Pauses after a round that let nothing go, ms. */
const AGAIN_MS = [2_000, 5_000, 15_000, 60_000];
/** After others have said that what they hold has changed, ms. */
const ASK_MS = 20_000;

export interface PruneRoundsParts {
  readonly time: Time;
  readonly prune: () => Prune | undefined;
  readonly closing: AbortSignal;
  /** Entries were let go, or heard to be deleted. */
  readonly onRemoved: () => void;
  /** Keeps the log open until this is done. */
  readonly track: (work: Promise<void>) => void;
}

export class PruneRounds {
  private readonly parts: PruneRoundsParts;
  private alarm: (() => void) | undefined;
  /** Something may lie here that others lead. */
  private hasAbroad = false;
  /** What others hold has changed since a round began. */
  private isChanged = false;
  private isRunning = false;

  constructor(parts: PruneRoundsParts) {
    this.parts = parts;
  }

  close(): void {
    this.alarm?.();
    this.alarm = undefined;
  }

  /** Who has to hold what has changed, or something came that we have not to hold. */
  soon(): void {
    this.alarm?.();
    this.alarm = this.parts.time.after(AFTER_MS, () => this.now(0));
  }

  /** Something was made here that others lead: it stays, and is asked about from now on. */
  noteAbroad(): void {
    this.hasAbroad = true;
  }

  /** What another holds has changed. */
  changed(): void {
    if (this.isRunning) this.isChanged = true;
    else if (this.hasAbroad) this.alarm ??= this.parts.time.after(ASK_MS, () => this.now(0));
  }

  private now(idleRounds: number): void {
    this.alarm = undefined;
    const { closing, time } = this.parts;
    const prune = this.parts.prune();
    if (prune === undefined || closing.aborted) return;
    this.isChanged = false;
    this.hasAbroad = false;
    this.isRunning = true;
    const work = async (): Promise<void> => {
      try {
        const { removed, isLeft, abroad, isAllAsked } = await prune.run(closing);
        if (closing.aborted) return;
        if (removed > 0) this.parts.onRemoved();
        // Something may have been made meanwhile that was not counted.
        this.hasAbroad ||= abroad > 0;
        if (isLeft || removed > 0) {
          // Whoever has to hold the rest may not have got it yet.
          const rounds = removed > 0 ? 0 : idleRounds + 1;
          const againMs = AGAIN_MS[Math.min(rounds, AGAIN_MS.length - 1)] as number;
          this.alarm ??= time.after(againMs, () => this.now(rounds));
        } else if (!isAllAsked || (this.isChanged && this.hasAbroad)) {
          this.alarm ??= time.after(ASK_MS, () => this.now(0));
        }
      } catch (error) {
        this.hasAbroad = true;
        if (!closing.aborted) this.alarm ??= time.after(AGAIN_MS.at(-1) as number, () => this.now(0));
        throw error;
      } finally {
        this.isRunning = false;
      }
    };
    this.parts.track(work());
  }
}

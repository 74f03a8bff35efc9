// What the replaced modules (`node:fs`, timers, ...) need of the simulated process whose code called them.

import type { Call, WatchNotice } from "./disk/calls.ts";

/** Called once, when the effect was chosen and performed: with the fault, or with the result. */
export type Settle = (fault: unknown, result?: unknown) => void;

export interface Effects {
  /** Asks for an effect that is performed when the scheduler chooses it; returns at once. */
  later(call: Call, settle: Settle): void;
  /** Performs an effect before it returns: the process stands still until the scheduler has chosen it. Throws the fault. */
  now(call: Call): unknown;
  /** Simulated time, ms since 1970. */
  clock(): number;
  /** Hands on notices of a watch until it is closed; each arrives as an effect of its own. */
  onNotice(watch: number, listener: ((notice: WatchNotice) => void) | undefined): void;
  /** Keeps the process alive until it is released, as a ref'd handle does. */
  hold(): { release(): void };
}

/** The process whose code is running. Throws when no simulated process is: a replaced module was called from outside. */
export type Current = () => Effects;

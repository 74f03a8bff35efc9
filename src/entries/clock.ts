// The hybrid logical clock (Kulkarni et al., 2014): readings of one clock only ever grow, and a reading taken after
// seeing another machine's is greater than it, whatever the wall clocks say. It orders what people see; nothing is
// decided by it.

import type { ClockReading } from "./entry.ts";

/** How far ahead of our own wall clock another's reading is believed, ms. One machine's broken clock must not drag
 *  everybody's history into the future. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1_000;

export class HybridClock {
  private last: ClockReading;
  private readonly now: () => number;

  constructor(last: ClockReading = { wallMs: 0, counter: 0 }, now: () => number = Date.now) {
    this.last = last;
    this.now = now;
  }

  /** A reading greater than all before it. */
  tick(): ClockReading {
    const wallMs = this.now();
    this.last =
      wallMs > this.last.wallMs ? { wallMs, counter: 0 } : { wallMs: this.last.wallMs, counter: this.last.counter + 1 };
    return this.last;
  }

  /** Takes note of a reading from elsewhere. */
  witness(seen: ClockReading): void {
    if (compareClocks(seen, this.last) > 0 && seen.wallMs <= this.now() + MAX_AHEAD_MS) this.last = seen;
  }
}

/** Negative when `a` is before `b`. */
export function compareClocks(a: ClockReading, b: ClockReading): number {
  return a.wallMs - b.wallMs || a.counter - b.counter;
}

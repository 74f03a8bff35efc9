// Time that passes only when it is told to: an hour in a moment. What is due at one time happens in the order it was asked for.

import { assert } from "../../errors.ts";
import type { Time } from "../time.ts";

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly ring: () => void;
}

export class SimulatedTime implements Time {
  private ms = 0;
  private made = 0;
  private readonly alarms = new Heap();
  private readonly off = new Set<number>();

  nowMs(): number {
    return this.ms;
  }

  after(delayMs: number, ring: () => void): () => void {
    const alarm: { -readonly [K in keyof Alarm]: Alarm[K] } = {
      atMs: this.ms + Math.max(0, delayMs),
      order: this.made,
      ring,
    };
    this.made += 1;
    this.alarms.push(alarm);
    let isOver = false;
    alarm.ring = () => {
      isOver = true;
      ring();
    };
    return () => {
      if (!isOver) this.off.add(alarm.order);
    };
  }

  /** Alarms that are to ring. */
  get pending(): number {
    return this.alarms.size - this.off.size;
  }

  /** Lets `ms` pass. Between two alarms everything that was started by the first runs as far as it gets without time. */
  async pass(ms: number): Promise<void> {
    await this.run(() => false, this.ms + ms);
  }

  /** Lets time pass until `isSo`, for `limitMs` at the most. Throws when it does not come to that. */
  async until(isSo: () => boolean, what: string, limitMs = 120_000): Promise<void> {
    const reached = await this.run(isSo, this.ms + limitMs);
    assert(reached, `after ${limitMs} ms of simulated time: ${what}`);
  }

  private async run(isSo: () => boolean, untilMs: number): Promise<boolean> {
    await settle();
    for (;;) {
      if (isSo()) return true;
      const next = this.alarms.peek();
      if (next === undefined || next.atMs > untilMs) break;
      this.alarms.pop();
      if (this.off.delete(next.order)) continue;
      this.ms = Math.max(this.ms, next.atMs);
      next.ring();
      await settle();
    }
    this.ms = Math.max(this.ms, untilMs);
    return isSo();
  }
}

/** Everything that waits for nothing but its turn. */
function settle(): Promise<void> {
  return new Promise(setImmediate);
}

class Heap {
  private readonly items: Alarm[] = [];

  get size(): number {
    return this.items.length;
  }

  peek(): Alarm | undefined {
    return this.items[0];
  }

  push(alarm: Alarm): void {
    this.items.push(alarm);
    for (let at = this.items.length - 1; at > 0; ) {
      const above = (at - 1) >>> 1;
      if (!isBefore(this.at(at), this.at(above))) break;
      this.swap(at, above);
      at = above;
    }
  }

  pop(): void {
    const last = this.items.pop();
    if (last === undefined || this.items.length === 0) return;
    this.items[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < this.items.length && isBefore(this.at(below), this.at(least))) least = below;
      }
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private at(index: number): Alarm {
    return this.items[index] as Alarm;
  }

  private swap(a: number, b: number): void {
    const one = this.at(a);
    this.items[a] = this.at(b);
    this.items[b] = one;
  }
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

// When a transfer has taken too long. Two rules, both in the time of the other side only:
//
//   idle   nothing moved for `idleMs`
//   pace   after `graceMs`, less has moved than `minBytesPerSecond` makes of the time since
//
// The pace is what bounds the whole: a hub that gives a byte a second is left when the grace is over, and a large upload
// over a slow line, which moves all the time, has as long as its size takes at that pace.

export interface Deadlines {
  /** Until the response's headers are there, for requests whose body is at hand, ms. A large body has longer, by
   *  `minBytesPerSecond`. */
  readonly headersMs: number;
  /** Between two pieces of a body, sent or received, ms. */
  readonly idleMs: number;
  /** A body has so long, ms, and then as long as its bytes take at the rate below: the bound on the whole. */
  readonly graceMs: number;
  readonly minBytesPerSecond: number;
  /** Without a sign of life on an event stream, ms; the hub's heartbeat comes three times as often. */
  readonly silenceMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = {
  headersMs: 10_000,
  idleMs: 30_000,
  graceMs: 30_000,
  minBytesPerSecond: 16_384,
  silenceMs: 45_000,
};

export interface TransferRules {
  readonly idleMs: number;
  /** Absent: no pace, for a stream that may be silent for long. */
  readonly pace?: { readonly graceMs: number; readonly minBytesPerSecond: number };
  /** What was handed over may lie in the system's buffers on its way: time for so many bytes is given on top. */
  readonly bufferedBytes?: number;
}

/** An upload goes out in pieces of this size, so that there are signs of life on a slow line too. */
const PIECE_BYTES = 64 * 1_024;

export class DeadlineError extends Error {
  /** Told on as `details.reason`: it was not the connection that broke. */
  readonly code = "DEADLINE";
}

/** Aborts `controller` with a `DeadlineError` when the rules are broken, until `end`. */
export class TransferDeadline {
  private readonly controller: AbortController;
  private readonly rules: TransferRules;
  private startedAt = performance.now();
  private movedAt = this.startedAt;
  private bytes = 0;
  private pausedAt: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(controller: AbortController, rules: TransferRules) {
    this.controller = controller;
    this.rules = rules;
    this.look();
  }

  moved(bytes: number): void {
    this.bytes += bytes;
    this.movedAt = performance.now();
  }

  /** From now on it is this side that is waited for. */
  pause(): void {
    this.pausedAt ??= performance.now();
  }

  resume(): void {
    if (this.pausedAt === undefined) return;
    const pausedMs = performance.now() - this.pausedAt;
    this.pausedAt = undefined;
    this.startedAt += pausedMs;
    this.movedAt += pausedMs;
    if (this.timer === undefined) this.look();
  }

  end(): void {
    clearTimeout(this.timer);
    this.pausedAt = performance.now();
  }

  /** One timer, set to the earliest time at which a rule can be broken; what moved since only puts that off. */
  private look(): void {
    this.timer = undefined;
    if (this.pausedAt !== undefined) return;
    const { idleMs, pace, bufferedBytes = 0 } = this.rules;
    const msFor = (bytes: number): number => (pace === undefined ? 0 : (bytes / pace.minBytesPerSecond) * 1_000);
    const idleAt = this.movedAt + idleMs + msFor(Math.min(this.bytes, bufferedBytes));
    const behindAt = pace === undefined ? Number.POSITIVE_INFINITY : this.startedAt + pace.graceMs + msFor(this.bytes);
    const now = performance.now();
    if (now < Math.min(idleAt, behindAt)) {
      this.timer = setTimeout(() => this.look(), Math.min(idleAt, behindAt) - now);
    } else if (now >= idleAt) {
      this.controller.abort(new DeadlineError(`nothing came for ${Math.round(now - this.movedAt)} ms`));
    } else {
      const tookMs = Math.round(now - this.startedAt);
      this.controller.abort(new DeadlineError(`only ${this.bytes} bytes moved in ${tookMs} ms, which is too slow`));
    }
  }
}

/** An upload's bytes in small pieces; while the disk is waited for, `deadline` is not at work. */
export class UploadSource implements AsyncIterable<Uint8Array> {
  /** What reading the bytes ended with, if that failed: no failure of the hub. */
  failure: unknown;
  private readonly chunks: AsyncIterable<Uint8Array>;
  private readonly deadline: TransferDeadline;

  constructor(chunks: AsyncIterable<Uint8Array>, deadline: TransferDeadline) {
    this.chunks = chunks;
    this.deadline = deadline;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const { deadline } = this;
    try {
      deadline.pause();
      for await (const chunk of this.chunks) {
        deadline.resume();
        for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
          const piece = chunk.subarray(at, at + PIECE_BYTES);
          yield piece;
          deadline.moved(piece.length);
        }
        deadline.pause();
      }
      deadline.resume();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

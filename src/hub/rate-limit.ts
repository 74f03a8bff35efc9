// How often one token may ask: a bucket of one second's requests that fills evenly.

import { HttpFailure } from "./http-failure.ts";

const MAX_TOKENS = 10_000;

export class RateLimit {
  private readonly perSecond: number;
  private readonly buckets = new Map<string, { left: number; atMs: number }>();

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  /** Counts one request of `tokenId`. Throws `RATE_LIMITED` (429, with `Retry-After`) when it is one too many. */
  count(tokenId: string, nowMs = performance.now()): void {
    const bucket = this.buckets.get(tokenId) ?? { left: this.perSecond, atMs: nowMs };
    bucket.left = Math.min(this.perSecond, bucket.left + ((nowMs - bucket.atMs) / 1_000) * this.perSecond);
    bucket.atMs = nowMs;
    if (this.buckets.size >= MAX_TOKENS && !this.buckets.has(tokenId)) this.buckets.clear();
    this.buckets.set(tokenId, bucket);
    if (bucket.left < 1) {
      throw new HttpFailure(
        429,
        "RATE_LIMITED",
        `more than ${this.perSecond} requests a second with one token`,
        { hint: "Wait as long as Retry-After says, then go on.", details: { perSecond: this.perSecond } },
        { "retry-after": "1" },
      );
    }
    bucket.left -= 1;
  }
}

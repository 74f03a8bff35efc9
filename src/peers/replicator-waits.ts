// Waiting for a replicator: somebody whose segments count.

import type { Author } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Time } from "./time.ts";

/** Waits at once at the most. */
const MAX_WAITS = 10_000;

interface Wait {
  readonly peer: Author | undefined;
  readonly resolve: (peer: Author) => void;
  readonly reject: (error: HoldfastError) => void;
}

export class ReplicatorWaits {
  private readonly time: Time;
  private readonly mature: () => readonly Author[];
  private readonly waits = new Set<Wait>();

  constructor(time: Time, mature: () => readonly Author[]) {
    this.time = time;
    this.mature = mature;
  }

  /** Throws `PEER_TIMEOUT`, and what `close` is given. */
  async wait(timeoutMs: number, peer: Author | undefined): Promise<Author> {
    if (this.waits.size >= MAX_WAITS) throw timedOut(peer, 0);
    const found = Promise.withResolvers<Author>();
    const wait: Wait = { peer, resolve: found.resolve, reject: found.reject };
    this.waits.add(wait);
    const callOff = this.time.after(timeoutMs, () => found.reject(timedOut(peer, timeoutMs)));
    this.look();
    try {
      return await found.promise;
    } finally {
      callOff();
      this.waits.delete(wait);
    }
  }

  /** Who counts may have changed. */
  look(): void {
    if (this.waits.size === 0) return;
    const mature = this.mature();
    for (const { peer, resolve } of this.waits) {
      const found = peer === undefined ? mature[0] : mature.find((other) => other === peer);
      if (found !== undefined) resolve(found);
    }
  }

  close(error: HoldfastError): void {
    for (const { reject } of this.waits) reject(error);
  }
}

function timedOut(peer: Author | undefined, timeoutMs: number): HoldfastError {
  return new HoldfastError(
    "PEER_TIMEOUT",
    `${peer === undefined ? "no replicator" : `the replicator ${peer}`} has come within ${timeoutMs} ms`,
    {
      hint: "Check that it runs, and that this one has its address; `holdfast peer list` shows who is there.",
    },
  );
}

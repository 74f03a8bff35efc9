// Catching up with every peer, as often as it says that it has something new, and each time that we have to hold something else.

import type { Author } from "../entries/index.ts";
import { type HoldfastError, toHoldfastError } from "../errors.ts";
import type { CatchUp } from "./catch-up.ts";
import type { LeaderTable } from "./leader-table.ts";
import type { Presence } from "./presence.ts";
import { pass, type Time } from "./time.ts";

/** Pauses after a catching up that failed, ms. */
const RETRY_MS = [200, 1_000, 5_000, 15_000];

export interface PullsParts {
  readonly time: Time;
  readonly presence: Presence;
  readonly table: LeaderTable;
  readonly catchUp: CatchUp;
  readonly closing: AbortSignal;
  readonly onEven: (peer: Author) => void;
  readonly onError: (error: HoldfastError) => void;
}

interface Pulling {
  /** By which of our wishes everything was pulled last. */
  wishes: number;
  run: Promise<void> | undefined;
  failures: number;
}

export class Pulls {
  private readonly parts: PullsParts;
  private readonly peers = new Map<Author, Pulling>();

  constructor(parts: PullsParts) {
    this.parts = parts;
  }

  /** Resolves when everything that `peer` had, when it last said how much that is, is here; or `peer` is gone. `anew`: whatever it has
   *  said, it is asked once more from now on. */
  async pull(peer: Author, { anew = false } = {}): Promise<void> {
    const state = this.peers.get(peer) ?? { wishes: -1, run: undefined, failures: 0 };
    this.peers.set(peer, state);
    if (anew) {
      await state.run;
      state.wishes = -1;
    }
    state.run ??= this.untilEven(peer, state).finally(() => {
      state.run = undefined;
    });
    await state.run;
  }

  /** `peer` is gone, or has come anew. */
  forget(peer: Author): void {
    this.peers.delete(peer);
  }

  /** True when `peer` has said nothing yet of how much it has, or has something that we lack. */
  isBehind(peer: Author): boolean {
    const { presence, table } = this.parts;
    const present = presence.of(peer);
    if (present?.revision === undefined) return true;
    return (present.pulled ?? -1) < present.revision || this.peers.get(peer)?.wishes !== table.wishes;
  }

  private async untilEven(peer: Author, state: Pulling): Promise<void> {
    const { presence, table, catchUp, closing, time, onEven, onError } = this.parts;
    while (!closing.aborted && this.peers.get(peer) === state && this.isBehind(peer)) {
      const present = presence.of(peer);
      const revision = present?.revision;
      if (present === undefined || revision === undefined) return;
      const { wishes } = table;
      try {
        await catchUp.pull(peer, table.wanted);
        if (this.peers.get(peer) !== state) return;
        state.failures = 0;
        state.wishes = wishes;
        present.pulled = Math.max(present.pulled ?? 0, revision);
        onEven(peer);
      } catch (error) {
        if (this.peers.get(peer) !== state) return;
        onError(toHoldfastError(error));
        await pass(time, RETRY_MS[Math.min(state.failures, RETRY_MS.length - 1)] as number, closing);
        state.failures += 1;
      }
    }
  }
}

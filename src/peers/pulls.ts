// Catching up with every peer: at once when it comes, and each time that we have to hold something else; and a moment after it has said
// that it has something new. Mostly that is on its way to us, and what is here by then need not be asked for.

import type { Author } from "../entries/index.ts";
import { type HoldfastError, toHoldfastError } from "../errors.ts";
import type { CatchUp } from "./catch-up.ts";
import type { LeaderTable } from "./leader-table.ts";
import type { Presence } from "./presence.ts";
import { pass, type Time } from "./time.ts";

/** Pauses after a catching up that failed, ms. */
const RETRY_MS = [200, 1_000, 5_000, 15_000];
/** After a peer has said that it has something new, ms; and while more is coming, so many times. */
const SETTLING_MS = 200;
const MAX_SETTLING = 10;

export interface PullsParts {
  readonly time: Time;
  readonly presence: Presence;
  readonly table: LeaderTable;
  readonly catchUp: CatchUp;
  readonly closing: AbortSignal;
  /** Of what is held here. */
  readonly revision: () => number;
  readonly onEven: (peer: Author) => void;
  readonly onError: (error: HoldfastError) => void;
}

interface Pulling {
  /** By which of our wishes everything was pulled last. */
  wishes: number;
  run: Promise<void> | undefined;
  failures: number;
  /** What it says is new is waited for. */
  isFollowed: boolean;
}

export class Pulls {
  private readonly parts: PullsParts;
  private readonly peers = new Map<Author, Pulling>();

  constructor(parts: PullsParts) {
    this.parts = parts;
  }

  /** `peer` has said how much it has. Resolves when nothing of that is missing here, or `peer` is gone. */
  async follow(peer: Author): Promise<void> {
    const { closing } = this.parts;
    const state = this.stateOf(peer);
    const isBehind = (): boolean => this.peers.get(peer) === state && !closing.aborted && this.isBehind(peer);
    if (state.isFollowed) return;
    state.isFollowed = true;
    try {
      while (isBehind()) {
        if (!this.isAllWanted(peer, state)) await this.settled();
        if (isBehind()) await this.pull(peer);
      }
    } finally {
      state.isFollowed = false;
    }
  }

  /** Resolves when everything that `peer` had, when it last said how much that is, is here; or `peer` is gone. `anew`: whatever it has
   *  said, it is asked once more from now on. */
  async pull(peer: Author, { anew = false } = {}): Promise<void> {
    const state = this.stateOf(peer);
    if (anew) {
      await state.run;
      state.wishes = -1;
    }
    state.run ??= this.catchUp(peer, state).finally(() => {
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

  /** Nothing has come for a moment. */
  private async settled(): Promise<void> {
    const { time, closing, revision } = this.parts;
    for (let times = 0; times < MAX_SETTLING; times += 1) {
      const before = revision();
      await pass(time, SETTLING_MS, closing);
      if (revision() === before) return;
    }
  }

  private stateOf(peer: Author): Pulling {
    const state = this.peers.get(peer) ?? { wishes: -1, run: undefined, failures: 0, isFollowed: false };
    this.peers.set(peer, state);
    return state;
  }

  /** It has not been asked yet for everything that we wish now. */
  private isAllWanted(peer: Author, state: Pulling): boolean {
    const { presence, table } = this.parts;
    return presence.of(peer)?.pulled === undefined || state.wishes !== table.wishes;
  }

  private async catchUp(peer: Author, state: Pulling): Promise<void> {
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
        // Guard "wishes check": we have come to wish for more meanwhile, and of that it was not asked.
        if (wishes === table.wishes) {
          present.pulled = Math.max(present.pulled ?? 0, revision);
          onEven(peer);
        }
        if (!this.isAllWanted(peer, state)) return;
      } catch (error) {
        if (this.peers.get(peer) !== state) return;
        onError(toHoldfastError(error));
        await pass(time, RETRY_MS[Math.min(state.failures, RETRY_MS.length - 1)] as number, closing);
        state.failures += 1;
      }
    }
  }
}

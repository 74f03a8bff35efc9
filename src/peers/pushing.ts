// What is made here goes to its leaders at once. Each peer gets an entry once: what is under way to it, or has been taken by it, is
// not sent again, whoever asks. A peer that does not answer is left to its own catching up.

import type { Author, Entry, EntryId } from "../entries/index.ts";
import { HoldfastError, toHoldfastError } from "../errors.ts";
import { carriedOf, sizeOf } from "./answering.ts";
import type { Calls } from "./calls.ts";
import type { Holdings } from "./holdings.ts";
import { type CarriedEntry, MAX_ENTRIES } from "./messages.ts";

/** One message, bytes. */
const BATCH_BYTES = 1_024 * 1_024;
/** Entries waiting for one peer at the most; what comes beyond that, it finds when it catches up. */
const MAX_QUEUED = 50_000;

export interface PushingParts {
  readonly holdings: Holdings;
  readonly calls: Calls;
  /** `peer` has written these down. */
  readonly onTaken: (peer: Author, ids: readonly EntryId[]) => void;
  /** What a peer refused, or that it could not be reached. */
  readonly onFailure: (peer: Author, error: HoldfastError) => void;
}

interface Lane {
  readonly waiting: Map<EntryId, Entry>;
  readonly underWay: Set<EntryId>;
  isRunning: boolean;
}

export class Pushing {
  private readonly parts: PushingParts;
  private readonly lanes = new Map<Author, Lane>();

  constructor(parts: PushingParts) {
    this.parts = parts;
  }

  /** True while `peer` is about to get it. */
  isUnderWay(peer: Author, id: EntryId): boolean {
    const lane = this.lanes.get(peer);
    return lane !== undefined && (lane.waiting.has(id) || lane.underWay.has(id));
  }

  /** Entries on their way to somebody. */
  get count(): number {
    let count = 0;
    for (const { waiting, underWay } of this.lanes.values()) count += waiting.size + underWay.size;
    return count;
  }

  push(peer: Author, entries: readonly Entry[]): void {
    const lane = this.lanes.get(peer) ?? { waiting: new Map(), underWay: new Set(), isRunning: false };
    this.lanes.set(peer, lane);
    for (const entry of entries) if (lane.waiting.size < MAX_QUEUED) lane.waiting.set(entry.id, entry);
    if (!lane.isRunning) void this.run(peer, lane);
  }

  /** What was on its way to `peer` will be found by it, when it is there again. */
  forget(peer: Author): void {
    this.lanes.get(peer)?.waiting.clear();
    this.lanes.delete(peer);
  }

  private async run(peer: Author, lane: Lane): Promise<void> {
    lane.isRunning = true;
    try {
      while (lane.waiting.size > 0) await this.sendBatch(peer, lane);
    } catch (error) {
      lane.waiting.clear();
      this.parts.onFailure(peer, toHoldfastError(error));
    } finally {
      lane.isRunning = false;
      if (this.lanes.get(peer) === lane && lane.waiting.size === 0) this.lanes.delete(peer);
    }
  }

  private async sendBatch(peer: Author, lane: Lane): Promise<void> {
    const entries: CarriedEntry[] = [];
    let bytes = 0;
    try {
      for (const [id, entry] of lane.waiting) {
        if (entries.length >= MAX_ENTRIES || bytes >= BATCH_BYTES) break;
        lane.underWay.add(id);
        lane.waiting.delete(id);
        const found = await carriedOf(this.parts.holdings, id, (error) => this.parts.onFailure(peer, error));
        // Not in the store any more: whoever still wants it asks somebody else for its content.
        const carried = found ?? { block: entry.block, content: null };
        entries.push(carried);
        bytes += sizeOf(carried);
      }
      const { taken, refused } = await this.parts.calls.ask(peer, { call: "take", entries });
      this.parts.onTaken(peer, taken as EntryId[]);
      for (const { code, message } of refused) this.parts.onFailure(peer, refusedBy(peer, code, message));
    } finally {
      lane.underWay.clear();
    }
  }
}

function refusedBy(peer: Author, code: string, message: string): HoldfastError {
  return new HoldfastError("PEER_REFUSED", `the peer ${peer} refused an entry: ${message}`, {
    details: { peer, code },
  });
}

// What a peer answers when others ask. Nothing is kept between two questions, so each can be asked again.

import type { Author, EntryId } from "../entries/index.ts";
import type { HoldfastError } from "../errors.ts";
import { coordinateAt, idAt, type Place, type PlaceRange } from "./entry-index.ts";
import type { HeldEntries } from "./held-entries.ts";
import type { Holdings } from "./holdings.ts";
import type { Intake } from "./intake.ts";
import {
  type Call,
  type CarriedEntry,
  type Compared,
  MAX_ENTRIES,
  PIECE_BYTES,
  type Result,
  type SummedRange,
} from "./messages.ts";
import type { Point } from "./ring.ts";

/** A part of so many entries at the most is told by their ids. */
const NAMED_ENTRIES = 64;
/** Entries and contents in one answer at the most, bytes. */
const ANSWER_BYTES = 1_024 * 1_024;
/** Read from the store before it is looked how much they are. */
const READ_AT_ONCE = 64;

export interface AnsweringParts {
  readonly holdings: Holdings;
  readonly held: HeldEntries;
  readonly intake: Intake;
  /** On its way to `peer` already: it gets no second one. */
  readonly isUnderWay: (peer: Author, id: EntryId) => boolean;
  /** We are a leader of what has this coordinate. */
  readonly isLeader: (coordinate: Point) => boolean;
  readonly onError: (error: HoldfastError) => void;
  /** Shows a hub of this epoch that our entries may be brought there. */
  readonly vouch: (epoch: string) => Uint8Array;
  /** Resolves when what was kept aside for `peer` has been settled. */
  readonly settled: (peer: Author, ids: readonly EntryId[]) => Promise<readonly EntryId[]>;
}

export class Answering {
  private readonly parts: AnsweringParts;
  constructor(parts: AnsweringParts) {
    this.parts = parts;
  }

  async answer(peer: Author, call: Call): Promise<Result> {
    switch (call.call) {
      case "compare":
        return { call: "compare", answers: call.ranges.map((range) => this.compare(peer, range)) };
      case "page":
        return this.page(peer, call, call.after, Math.min(call.maxBytes, ANSWER_BYTES));
      case "entries":
        return this.entries(call.ids as EntryId[]);
      case "piece": {
        const bytes = await this.parts.holdings.piece(call.hash, call.offset, Math.min(call.length, PIECE_BYTES));
        return { call: "piece", bytes: bytes ?? null };
      }
      case "take": {
        const { taken, aside, refused, failed } = await this.parts.intake.take(peer, call.entries);
        const settled = aside.length === 0 ? [] : await this.parts.settled(peer, aside);
        return {
          call: "take",
          taken: [...taken, ...settled],
          refused: [...refused, ...failed].map(({ code, message }) => ({ code, message: message.slice(0, 4_096) })),
        };
      }
      case "hold":
        return this.hold(call.places);
      case "vouch":
        return { call: "vouch", proof: this.parts.vouch(call.epoch) };
    }
  }

  private compare(peer: Author, theirs: SummedRange): Compared {
    const { held } = this.parts;
    const ours = held.index.sumOf(theirs);
    if (ours.count === theirs.count && Buffer.from(ours.sum).equals(theirs.sum)) return { is: "same" };
    if (ours.count === 0) return { is: "ids", ids: [] };
    if (ours.count <= NAMED_ENTRIES) {
      const ids = held.index.places(theirs, NAMED_ENTRIES).map(idAt);
      return { is: "ids", ids: ids.filter((id) => !this.parts.isUnderWay(peer, id)) };
    }
    if (theirs.count === 0) return { is: "many", count: ours.count };
    return { is: "parts", parts: held.index.parts(theirs) };
  }

  private async page(peer: Author, range: PlaceRange, after: string, maxBytes: number): Promise<Result> {
    const entries: CarriedEntry[] = [];
    let last = after;
    let bytes = 0;
    while (entries.length < MAX_ENTRIES && bytes < maxBytes) {
      const places = this.parts.held.index.places(range, READ_AT_ONCE, last);
      if (places.length === 0) return { call: "page", entries, last, more: false };
      for (const place of places) {
        if (entries.length >= MAX_ENTRIES || bytes >= maxBytes) break;
        last = place;
        const id = idAt(place);
        if (this.parts.held.deleteOf(place) !== undefined || this.parts.isUnderWay(peer, id)) continue;
        const carried = await this.carried(id);
        if (carried === undefined) continue;
        entries.push(carried);
        bytes += sizeOf(carried);
      }
    }
    return { call: "page", entries, last, more: true };
  }

  /** In the order asked, as many as fit. */
  private async entries(ids: readonly EntryId[]): Promise<Result> {
    const entries: CarriedEntry[] = [];
    const unknown: EntryId[] = [];
    let bytes = 0;
    for (const id of ids) {
      if (bytes >= ANSWER_BYTES) break;
      const entry = this.parts.holdings.entry(id);
      const carried = entry === undefined || this.parts.held.isGone(entry) ? undefined : await this.carried(id);
      if (carried === undefined) {
        unknown.push(id);
        continue;
      }
      entries.push(carried);
      bytes += sizeOf(carried);
    }
    return { call: "entries", entries, unknown };
  }

  private carried(id: EntryId): Promise<CarriedEntry | undefined> {
    return carriedOf(this.parts.holdings, id, this.parts.onError);
  }

  /** What we hold as a leader; and of what was deleted, by which entry. */
  private hold(places: readonly Place[]): Result {
    const { held, isLeader } = this.parts;
    const ours: Place[] = [];
    const gone: EntryId[] = [];
    for (const place of places) {
      const by = held.deleteOf(place);
      if (by !== undefined) gone.push(by);
      else if (held.index.has(place) && isLeader(coordinateAt(place))) ours.push(place);
    }
    return { call: "hold", places: ours, gone: [...new Set(gone)] };
  }
}

/** An entry as it travels, with its content where that is small. Undefined when it is not here. */
export async function carriedOf(
  holdings: Holdings,
  id: EntryId,
  onError: (error: HoldfastError) => void,
): Promise<CarriedEntry | undefined> {
  const carried = await holdings.carried(id);
  if (carried === undefined) return undefined;
  // Damaged here: others may have it, and the rest of what was asked for is sound.
  if (carried.damage !== undefined) onError(carried.damage);
  return { block: carried.block, content: carried.content ?? null };
}

export function sizeOf({ block, content }: CarriedEntry): number {
  return block.length + (content?.length ?? 0);
}

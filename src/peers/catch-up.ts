// Catching up with one peer: everything it holds of what we want. Not lists are compared but sums of parts (entry-index.ts), then
// the parts of those that differ, down to parts so small that their ids are named; a part of which we have nothing comes as a
// whole, page after page, each asked for when the one before it is safe here. So the first sync costs the same for each entry however
// many there are, and one that finds nothing new costs one question.

import type { Author, EntryId } from "../entries/index.ts";
import { assert } from "../errors.ts";
import type { Calls } from "./calls.ts";
import type { PlaceRange, Sum } from "./entry-index.ts";
import type { HeldEntries } from "./held-entries.ts";
import type { Intake } from "./intake.ts";
import { type CarriedEntry, MAX_RANGES, type SummedRange } from "./messages.ts";

/** Ids asked for in one message. */
const IDS_AT_ONCE = 256;
const PAGE_BYTES = 1_024 * 1_024;
/** Questions about one peer's entries at the most: each but the last few brings entries, or halves what is in question. */
const MAX_STEPS = 1_000_000;

export interface CatchUpParts {
  readonly held: HeldEntries;
  readonly calls: Calls;
  readonly intake: Intake;
}

export class CatchUp {
  private readonly parts: CatchUpParts;
  constructor(parts: CatchUpParts) {
    this.parts = parts;
  }

  /** Returns how many entries it brought. Throws `PEER_UNREACHABLE`, and what the store throws. */
  async pull(peer: Author, wanted: readonly PlaceRange[]): Promise<number> {
    const { held, calls, intake } = this.parts;
    let brought = 0;
    const open: PlaceRange[] = [...wanted];
    for (let step = 0; open.length > 0; step += 1) {
      assert(step < MAX_STEPS, "comparing two sets of entries comes to an end");
      const asked = open.splice(0, MAX_RANGES);
      const ranges = asked.map((range): SummedRange => ({ ...range, ...held.index.sumOf(range) }));
      const { answers } = await calls.ask(peer, { call: "compare", ranges });
      const ids: EntryId[] = [];
      for (const [index, answer] of answers.slice(0, asked.length).entries()) {
        const range = asked[index] as PlaceRange;
        if (answer.is === "ids") ids.push(...(answer.ids as EntryId[]));
        else if (answer.is === "many") brought += await this.pages(peer, range);
        else if (answer.is === "parts") {
          for (const part of answer.parts) {
            if (!isSame(part, held.index.sumOf(part)) && part.count > 0) open.push({ from: part.from, to: part.to });
          }
        }
      }
      brought += await this.fetch(peer, ids);
    }
    await intake.settle(peer);
    return brought;
  }

  /** All of a range, in the order of places. While one page is taken in, the next is on its way. */
  private async pages(peer: Author, range: PlaceRange): Promise<number> {
    let brought = 0;
    let page = this.page(peer, range, "");
    for (let step = 0; ; step += 1) {
      assert(step < MAX_STEPS, "the pages of a range come to an end");
      const { entries, last, more } = await page;
      const isLast = !more || last === "";
      if (!isLast) page = this.page(peer, range, last);
      brought += await this.take(peer, entries);
      if (isLast) return brought;
    }
  }

  private page(peer: Author, range: PlaceRange, after: string) {
    const page = this.parts.calls.ask(peer, { call: "page", ...range, after, maxBytes: PAGE_BYTES });
    page.catch(() => {}); // told to whoever waits for it; nobody does when the one before it fails
    return page;
  }

  private async fetch(peer: Author, ids: readonly EntryId[]): Promise<number> {
    const { held, intake, calls } = this.parts;
    const missing = [...new Set(ids)].filter((id) => !held.isGone(id) && !intake.has(id) && !this.isHere(id));
    let brought = 0;
    for (let at = 0; at < missing.length; ) {
      const asked = missing.slice(at, at + IDS_AT_ONCE);
      const { entries, unknown } = await calls.ask(peer, { call: "entries", ids: asked });
      brought += await this.take(peer, entries);
      // What did not fit into the answer is asked for again.
      const answered = entries.length + unknown.length;
      if (answered === 0) break;
      at += Math.min(asked.length, answered);
    }
    return brought;
  }

  private async take(peer: Author, entries: readonly CarriedEntry[]): Promise<number> {
    if (entries.length === 0) return 0;
    const { taken } = await this.parts.intake.take(peer, entries);
    return taken.length;
  }

  private isHere(id: EntryId): boolean {
    return this.parts.held.hasId(id);
  }
}

function isSame(a: Sum, b: Sum): boolean {
  return a.count === b.count && Buffer.from(a.sum).equals(b.sum);
}

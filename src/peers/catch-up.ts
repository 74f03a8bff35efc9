// Catching up with one peer: everything it holds of what we want. Not lists are compared but sums of parts (entry-index.ts), then
// the parts of those that differ, down to parts so small that their ids are named; a part of which we have nothing comes as a
// whole, page after page, each asked for when the one before it is safe here. So the first sync costs the same for each entry however
// many there are, and one that finds nothing new costs one question.
//
// What the peer answers is not believed further than it can be: parts have to be parts, and pages have to get on.

import type { Author, EntryId } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Calls } from "./calls.ts";
import { isPartOf, type PlaceRange, type Sum } from "./entry-index.ts";
import type { HeldEntries } from "./held-entries.ts";
import type { Intake } from "./intake.ts";
import { type CarriedEntry, MAX_RANGES, type ResultOf, type SummedRange } from "./messages.ts";

/** Ids asked for in one message. */
const IDS_AT_ONCE = 256;
const PAGE_BYTES = 1_024 * 1_024;
/** Parts in question at once at the most: 16 of each of the last ones asked about, over and over. */
const MAX_OPEN = 1_000_000;

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

  /** Resolves when all that `peer` holds of `wanted` is here. Throws `PEER_UNREACHABLE`, `PEER_REFUSED` for answers that cannot be, what
   *  the store throws, and the first of the failures of single entries, when everything else is here. */
  async pull(peer: Author, wanted: readonly PlaceRange[]): Promise<void> {
    const { held, calls, intake } = this.parts;
    const failures: HoldfastError[] = [];
    const open: PlaceRange[] = [...wanted];
    // Each round divides what is in question, or settles it.
    while (open.length > 0) {
      const asked = open.splice(-MAX_RANGES);
      const ranges = asked.map((range): SummedRange => ({ ...range, ...held.index.sumOf(range) }));
      const { answers } = await calls.ask(peer, { call: "compare", ranges });
      if (answers.length !== asked.length)
        throw nonsense(peer, `${answers.length} answers to ${asked.length} questions`);
      const ids: EntryId[] = [];
      for (const [index, answer] of answers.entries()) {
        const range = asked[index] as PlaceRange;
        if (answer.is === "ids") ids.push(...(answer.ids as EntryId[]));
        else if (answer.is === "many") await this.pages(peer, range, failures);
        else if (answer.is === "parts") open.push(...this.differing(peer, range, answer.parts));
      }
      if (open.length > MAX_OPEN) throw nonsense(peer, "more parts than there can be");
      await this.fetch(peer, ids, failures);
    }
    await intake.settle(peer);
    const [first] = failures;
    if (first !== undefined) throw first;
  }

  private differing(peer: Author, range: PlaceRange, parts: readonly SummedRange[]): PlaceRange[] {
    let last = range.from;
    for (const part of parts) {
      if (!isPartOf(part, range) || part.from < last) throw nonsense(peer, "parts that are none");
      last = part.to;
    }
    return parts
      .filter((part) => part.count > 0 && !isSame(part, this.parts.held.index.sumOf(part)))
      .map(({ from, to }) => ({ from, to }));
  }

  /** All of a range, in the order of places. While one page is taken in, the next is on its way. */
  private async pages(peer: Author, range: PlaceRange, failures: HoldfastError[]): Promise<void> {
    let after = "";
    let page = this.page(peer, range, after);
    for (;;) {
      const { entries, last, more } = await page;
      if (more && last <= after) throw nonsense(peer, "a page that does not get on");
      after = last;
      if (more) page = this.page(peer, range, after);
      await this.take(peer, entries, failures);
      if (!more) return;
    }
  }

  private page(peer: Author, range: PlaceRange, after: string): Promise<ResultOf<"page">> {
    const { from, to } = range;
    const page = this.parts.calls.ask(peer, { call: "page", from, to, after, maxBytes: PAGE_BYTES });
    page.catch(() => {}); // told to whoever waits for it; nobody does when the one before it fails
    return page;
  }

  private async fetch(peer: Author, ids: readonly EntryId[], failures: HoldfastError[]): Promise<void> {
    const { held, intake, calls } = this.parts;
    const missing = [...new Set(ids)].filter((id) => !intake.isOffered(peer, id) && !held.hasId(id));
    for (let at = 0; at < missing.length; ) {
      const asked = missing.slice(at, at + IDS_AT_ONCE);
      const { entries, unknown } = await calls.ask(peer, { call: "entries", ids: asked });
      await this.take(peer, entries, failures);
      // What did not fit into the answer is asked for again.
      const answered = entries.length + unknown.length;
      if (answered === 0) throw nonsense(peer, "neither entries nor that it has none");
      at += Math.min(asked.length, answered);
    }
  }

  private async take(peer: Author, entries: readonly CarriedEntry[], failures: HoldfastError[]): Promise<void> {
    if (entries.length === 0) return;
    const { failed } = await this.parts.intake.take(peer, entries);
    failures.push(...failed.slice(0, 1));
  }
}

function isSame(a: Sum, b: Sum): boolean {
  return a.count === b.count && Buffer.from(a.sum).equals(b.sum);
}

function nonsense(peer: Author, what: string): HoldfastError {
  return new HoldfastError("PEER_REFUSED", `the peer ${peer} answered ${what}`, {
    hint: "It is asked again later. That peer is faulty; look at what runs there.",
    details: { peer },
  });
}

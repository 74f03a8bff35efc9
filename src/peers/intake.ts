// Entries that come from other peers, on their way into the store: checked, with their contents, and none before what it was made
// from. An entry whose parents are missing is kept aside, it and its descendants only, until they come, or until a peer that
// has it has been asked for everything and has not got them either.

import { hash } from "node:crypto";
import { SerialByKey } from "../coordination/index.ts";
import { type Author, compareClocks, type Entry, type EntryId } from "../entries/index.ts";
import { HoldfastError, toHoldfastError } from "../errors.ts";
import { Asides } from "./asides.ts";
import type { Contents } from "./contents.ts";
import { type HeldEntries, isPlainDelete } from "./held-entries.ts";
import type { Holdings, Received } from "./holdings.ts";
import type { CarriedEntry } from "./messages.ts";
import { coordinateOf } from "./ring.ts";

export interface IntakeParts {
  readonly holdings: Holdings;
  readonly held: HeldEntries;
  readonly contents: Contents;
  /** Checks a block: `readEntryAside`, or as it where no other thread may help. */
  readonly readEntry: (block: Uint8Array) => Promise<Entry>;
  /** Told of entries that are in the store now. */
  readonly onTaken: (entries: readonly Entry[]) => void;
  /** Told of what a peer sent and is to blame for. */
  readonly onRefused: (peer: Author, error: HoldfastError) => void;
}

export interface Taken {
  /** In the store, durable; or known to be deleted. */
  readonly taken: readonly EntryId[];
  /** Kept aside: something they were made from is missing. */
  readonly aside: readonly EntryId[];
  /** What is wrong with the entries themselves: they are not asked for again. */
  readonly refused: readonly HoldfastError[];
  /** What could not be taken in now, and may be later. */
  readonly failed: readonly HoldfastError[];
}

export class Intake {
  private readonly parts: IntakeParts;
  private readonly asides = new Asides();
  /** On their way into the store: who notices them there need not take them for new. */
  private readonly adding = new Set<EntryId>();
  /** One batch after the other: the second of two with the same entry finds it here. */
  private readonly lane = new SerialByKey<"intake">();

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  get asideCount(): number {
    return this.asides.count;
  }

  isAdding(id: EntryId): boolean {
    return this.adding.has(id);
  }

  /** `peer` has an entry that waits here already: true, and it need not be fetched. */
  isOffered(peer: Author, id: EntryId): boolean {
    return this.asides.offer(peer, id);
  }

  /** Runs `step` between two batches. */
  alone<T>(step: () => Promise<T>): Promise<T> {
    return this.lane.run("intake", step);
  }

  /** Takes in what `peer` sent. Throws what the store throws (`DISK_FULL`, ...): nothing of it has been taken then. */
  async take(peer: Author, carried: readonly CarriedEntry[]): Promise<Taken> {
    const { held } = this.parts;
    const refused: HoldfastError[] = [];
    const failed: HoldfastError[] = [];
    const taken: EntryId[] = [];
    const received: Received[] = [];
    const read = await Promise.all(carried.map((one) => this.read(one).catch((error) => toHoldfastError(error))));
    for (const one of read) {
      if (one instanceof Error) refused.push(one);
      else if (held.isKnown(one.entry.id, coordinateOf(one.entry))) taken.push(one.entry.id);
      // Fetched before the lane: whoever sends large contents slowly keeps nobody else waiting.
      else {
        try {
          received.push(await this.parts.contents.complete(peer, one));
        } catch (error) {
          failed.push(toHoldfastError(error));
        }
      }
    }
    for (const error of refused) this.parts.onRefused(peer, error);
    const aside = await this.alone(() => this.sort(peer, received, taken, failed));
    return { taken, aside, refused, failed };
  }

  /** Everything that `peer` has was asked for: what of its entries still misses something will not get it there. */
  settle(peer: Author): Promise<void> {
    return this.alone(async () => {
      const waiting = this.asides.offeredBy(peer);
      if (waiting.length > 0) await this.add(waiting);
    });
  }

  forget(peer: Author): void {
    for (const { content } of this.asides.forget(peer)) {
      if (content !== undefined) this.parts.holdings.discard(content);
    }
  }

  /** Checks an entry and what came with it. Throws `BAD_ENTRY`, `BAD_SIGNATURE`, `VERIFY_FAILED`. */
  private async read({ block, content }: CarriedEntry): Promise<Received> {
    const entry = await this.parts.readEntry(block);
    if (content === null) return { entry };
    if (
      entry.content === null ||
      content.length !== entry.content.size ||
      hash("sha256", content) !== entry.content.hash
    ) {
      throw new HoldfastError("VERIFY_FAILED", `what a peer sent for ${entry.name} is not what its author signed`, {
        hint: "It was damaged on its way or at that peer, and was not taken in.",
        details: { entry: entry.id },
      });
    }
    return { entry, content };
  }

  /** Returns what is kept aside. */
  private async sort(
    peer: Author,
    received: readonly Received[],
    taken: EntryId[],
    failed: HoldfastError[],
  ): Promise<EntryId[]> {
    const { held } = this.parts;
    const fresh = new Map<EntryId, Received>();
    for (const one of received) {
      if (held.isKnown(one.entry.id, coordinateOf(one.entry))) {
        taken.push(one.entry.id);
        if (one.content !== undefined) this.parts.holdings.discard(one.content);
      } else fresh.set(one.entry.id, one);
    }
    const ready = this.withParents(fresh);
    const aside: EntryId[] = [];
    for (const [id, one] of fresh) {
      if (ready.has(id)) continue;
      if (this.asides.keep(peer, one)) aside.push(id);
      else failed.push(tooMuchAside(one.entry));
    }
    let adding = [...fresh.values()].filter(({ entry }) => ready.has(entry.id));
    // What came may be what others were waiting for, and they what still others were.
    while (adding.length > 0) {
      const added = await this.add(adding);
      taken.push(...added);
      adding = this.asides.childrenOf(added).filter(({ entry }) => this.hasParents(entry));
    }
    return aside;
  }

  /** Of `fresh`, those whose parents are here, or are of `fresh` and have theirs. */
  private withParents(fresh: ReadonlyMap<EntryId, Received>): Set<EntryId> {
    const ready = new Set<EntryId>();
    const missing = new Map<EntryId, number>();
    const children = new Map<EntryId, EntryId[]>();
    const queue: EntryId[] = [];
    for (const { entry } of fresh.values()) {
      const absent = this.absentParents(entry);
      for (const parent of absent) {
        const siblings = children.get(parent);
        if (siblings === undefined) children.set(parent, [entry.id]);
        else siblings.push(entry.id);
      }
      missing.set(entry.id, absent.length);
      if (absent.length === 0) queue.push(entry.id);
    }
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      ready.add(id);
      for (const child of children.get(id) ?? []) {
        const left = (missing.get(child) ?? 0) - 1;
        missing.set(child, left);
        if (left === 0) queue.push(child);
      }
    }
    return ready;
  }

  private hasParents(entry: Entry): boolean {
    return this.absentParents(entry).length === 0;
  }

  private absentParents(entry: Entry): EntryId[] {
    // A delete is of what it names, wherever that is; it waits for nothing.
    if (isPlainDelete(entry) || entry.parents.length === 0) return [];
    const { held, holdings } = this.parts;
    const coordinate = coordinateOf(entry);
    return [...new Set(entry.parents)].filter((parent) => !held.isKnown(parent, coordinate) && !holdings.has(parent));
  }

  /** Into the store. Returns what is there now. */
  private async add(received: readonly Received[]): Promise<EntryId[]> {
    const { holdings, held, onTaken } = this.parts;
    // What was deleted while it waited does not come back.
    const wanted = inOrder(received.filter(({ entry }) => !held.isGone(entry)));
    for (const { entry } of wanted) this.adding.add(entry.id);
    try {
      if (wanted.length > 0) await holdings.add(wanted);
      const added = wanted.map(({ entry }) => entry).filter((entry) => held.note({ id: entry.id, entry }));
      if (added.length > 0) onTaken(added);
    } finally {
      for (const { entry, content } of received) {
        this.adding.delete(entry.id);
        this.asides.drop(entry.id);
        if (content !== undefined) holdings.discard(content);
      }
    }
    return received.map(({ entry }) => entry.id);
  }
}

/** Parents before children, and otherwise as their clocks say: so do version numbers tell more or less what came first. */
export function inOrder(received: readonly Received[]): Received[] {
  const byClock = [...received].sort(
    (a, b) => compareClocks(a.entry.clock, b.entry.clock) || (a.entry.id < b.entry.id ? -1 : 1),
  );
  const byId = new Map(byClock.map((one) => [one.entry.id, one]));
  const ordered = new Set<Received>();
  const place = (start: Received): void => {
    const path: { one: Received; next: number }[] = [{ one: start, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const parent = top.one.entry.parents[top.next];
      top.next += 1;
      if (parent === undefined) {
        ordered.add(top.one);
        path.pop();
        continue;
      }
      const before = byId.get(parent);
      // Hashes cannot form a circle, so a path ends.
      if (before !== undefined && !ordered.has(before)) path.push({ one: before, next: 0 });
    }
  };
  for (const one of byClock) if (!ordered.has(one)) place(one);
  return [...ordered];
}

function tooMuchAside(entry: Entry): HoldfastError {
  return new HoldfastError(
    "TOO_LARGE",
    `too much waits for what it was made from; ${entry.id} is taken in when there is room`,
    { details: { entry: entry.id } },
  );
}

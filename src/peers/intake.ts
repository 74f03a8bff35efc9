// Entries that come from other peers, on their way into the store: checked, with their contents, and none before what it was made
// from. An entry whose parents are missing is kept aside, it and its descendants only, until they come, or until the peer that
// sent it has been asked for everything and has not got them either.

import { hash } from "node:crypto";
import { SerialByKey } from "../coordination/index.ts";
import { type Author, compareClocks, type Entry, type EntryId } from "../entries/index.ts";
import { HoldfastError, toHoldfastError } from "../errors.ts";
import type { Contents } from "./contents.ts";
import type { HeldEntries } from "./held-entries.ts";
import { isPlainDelete } from "./held-entries.ts";
import type { Holdings, Received } from "./holdings.ts";
import type { CarriedEntry } from "./messages.ts";
import { coordinateOf } from "./ring.ts";

export interface IntakeParts {
  readonly holdings: Holdings;
  readonly held: HeldEntries;
  readonly contents: Contents;
  /** Checks a block: `readEntryAside`, or as it where no other thread may help. */
  readonly readEntry: (block: Uint8Array) => Promise<Entry>;
  /** Told of entries that are in the store now, by whom they came. */
  readonly onTaken: (peer: Author, entries: readonly Entry[]) => void;
  /** Told of what was refused, and why. */
  readonly onRefused: (peer: Author, error: HoldfastError) => void;
}

/** Kept aside at the most, bytes of blocks and contents; beyond it what comes is refused, and comes again later. */
const MAX_ASIDE_BYTES = 64 * 1_024 * 1_024;

interface Aside extends Received {
  readonly peer: Author;
  readonly bytes: number;
}

export interface Taken {
  /** In the store, durable; or known to be deleted. */
  readonly taken: readonly EntryId[];
  /** Kept aside: something they were made from is missing. */
  readonly aside: readonly EntryId[];
  readonly refused: readonly HoldfastError[];
}

export class Intake {
  private readonly parts: IntakeParts;
  private readonly aside = new Map<EntryId, Aside>();
  private asideBytes = 0;
  /** One batch after the other: the second of two with the same entry finds it here. */
  private readonly lane = new SerialByKey<"intake">();

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  /** True for what is on its way in, or here, or deleted: it need not be fetched. */
  has(entry: EntryId): boolean {
    return this.aside.has(entry);
  }

  get asideCount(): number {
    return this.aside.size;
  }

  /** Takes in what `peer` sent. Throws what the store throws (`DISK_FULL`, ...): nothing of it has been taken then. */
  async take(peer: Author, carried: readonly CarriedEntry[]): Promise<Taken> {
    const refused: HoldfastError[] = [];
    const read = await Promise.all(carried.map((one) => this.read(one).catch((error) => toHoldfastError(error))));
    const received: Received[] = [];
    for (const one of read) {
      if (one instanceof Error) refused.push(one);
      else received.push(one);
    }
    for (const error of refused) this.parts.onRefused(peer, error);
    return this.lane.run("intake", async () => {
      const { taken, aside } = await this.sort(peer, received, refused);
      return { taken, aside, refused };
    });
  }

  /** Everything that `peer` has was asked for: what of its entries still misses something will not get it there. */
  async settle(peer: Author): Promise<void> {
    await this.lane.run("intake", async () => {
      const waiting = [...this.aside.values()].filter((one) => one.peer === peer);
      if (waiting.length > 0) await this.add(peer, waiting);
    });
  }

  /** `peer` is gone: what is missing may come from others, with the entry itself. */
  forget(peer: Author): void {
    for (const one of this.aside.values()) if (one.peer === peer) this.drop(one);
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

  private async sort(
    peer: Author,
    received: readonly Received[],
    refused: HoldfastError[],
  ): Promise<Omit<Taken, "refused">> {
    const { held } = this.parts;
    const taken: EntryId[] = [];
    const fresh = new Map<EntryId, Received>();
    for (const one of received) {
      if (held.isKnown(one.entry.id, coordinateOf(one.entry))) taken.push(one.entry.id);
      else fresh.set(one.entry.id, one);
    }
    const ready = this.withParents(fresh);
    const aside: EntryId[] = [];
    for (const one of fresh.values()) {
      if (ready.has(one.entry.id)) continue;
      if (this.keepAside(peer, one)) aside.push(one.entry.id);
      else refused.push(tooMuchAside(one.entry));
    }
    // What came may be what others were waiting for.
    for (const one of this.aside.values())
      if (!ready.has(one.entry.id) && !aside.includes(one.entry.id)) fresh.set(one.entry.id, one);
    const all = [...fresh.values()].filter(({ entry }) => this.withParents(fresh).has(entry.id));
    const failed = await this.add(peer, all);
    refused.push(...failed.values());
    for (const { entry } of all) if (!failed.has(entry.id)) taken.push(entry.id);
    return { taken, aside };
  }

  /** Of `fresh`, those whose parents are here, or are of `fresh` and have theirs. */
  private withParents(fresh: ReadonlyMap<EntryId, Received>): Set<EntryId> {
    const ready = new Set<EntryId>();
    const missing = new Map<EntryId, number>();
    const children = new Map<EntryId, EntryId[]>();
    const queue: EntryId[] = [];
    for (const { entry } of fresh.values()) {
      let count = 0;
      // A delete is of what it names, wherever that is; it waits for nothing.
      if (!isPlainDelete(entry)) {
        for (const parent of entry.parents) {
          if (this.isHere(parent, entry)) continue;
          count += 1;
          children.set(parent, [...(children.get(parent) ?? []), entry.id]);
        }
      }
      missing.set(entry.id, count);
      if (count === 0) queue.push(entry.id);
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

  private isHere(parent: EntryId, child: Entry): boolean {
    const { held, holdings } = this.parts;
    return held.isKnown(parent, coordinateOf(child)) || holdings.has(parent);
  }

  private keepAside(peer: Author, one: Received): boolean {
    if (this.aside.has(one.entry.id)) return true;
    const bytes = one.entry.block.length + (one.content === undefined || "dir" in one.content ? 0 : one.content.length);
    if (this.asideBytes + bytes > MAX_ASIDE_BYTES) return false;
    this.aside.set(one.entry.id, { ...one, peer, bytes });
    this.asideBytes += bytes;
    return true;
  }

  private drop(one: Aside): void {
    if (this.aside.delete(one.entry.id)) this.asideBytes -= one.bytes;
  }

  /** Into the store, with contents that are still to be fetched. Returns those whose content nobody gave. */
  private async add(peer: Author, received: readonly Received[]): Promise<Map<EntryId, HoldfastError>> {
    const { holdings, held, contents, onTaken } = this.parts;
    const failed = new Map<EntryId, HoldfastError>();
    const whole: Received[] = [];
    for (const one of inOrder(received)) {
      try {
        whole.push(await contents.complete(peer, one));
      } catch (error) {
        failed.set(one.entry.id, toHoldfastError(error));
      }
    }
    try {
      if (whole.length > 0) await holdings.add(whole);
    } finally {
      for (const { content } of whole) if (content !== undefined) holdings.discard(content);
    }
    const added = whole.map(({ entry }) => entry).filter((entry) => held.note({ id: entry.id, entry }));
    for (const { entry } of received) {
      const waiting = this.aside.get(entry.id);
      if (waiting !== undefined) this.drop(waiting);
    }
    if (added.length > 0) onTaken(peer, added);
    return failed;
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
  return new HoldfastError("TOO_LARGE", `too much waits for what it was made from; ${entry.id} is taken in later`, {
    details: { entry: entry.id },
  });
}

// Entries that wait for what they were made from: kept in memory, by which peers offered them, until their parents come, or until all
// of those peers are gone.

import type { Author, EntryId } from "../entries/index.ts";
import type { Received } from "./holdings.ts";

/** Kept at the most, bytes of blocks and contents, and entries. Beyond it what comes is refused, and comes again later. */
const MAX_BYTES = 64 * 1_024 * 1_024;
const MAX_ENTRIES = 10_000;

interface Aside extends Received {
  readonly peers: Set<Author>;
  readonly bytes: number;
}

export class Asides {
  private readonly entries = new Map<EntryId, Aside>();
  /** By parent, who waits for it. */
  private readonly waiting = new Map<EntryId, Set<EntryId>>();
  private bytes = 0;

  get count(): number {
    return this.entries.size;
  }

  /** `peer` has it, too: true when it is here. */
  offer(peer: Author, id: EntryId): boolean {
    const aside = this.entries.get(id);
    aside?.peers.add(peer);
    return aside !== undefined;
  }

  /** False when there is no room. */
  keep(peer: Author, one: Received): boolean {
    if (this.offer(peer, one.entry.id)) return true;
    const { content } = one;
    const bytes = one.entry.block.length + (content === undefined || "dir" in content ? 0 : content.length);
    if (this.bytes + bytes > MAX_BYTES || this.entries.size >= MAX_ENTRIES) return false;
    this.entries.set(one.entry.id, { ...one, peers: new Set([peer]), bytes });
    this.bytes += bytes;
    for (const parent of one.entry.parents) {
      const children = this.waiting.get(parent);
      if (children === undefined) this.waiting.set(parent, new Set([one.entry.id]));
      else children.add(one.entry.id);
    }
    return true;
  }

  /** Those that were made from one of `parents`. */
  childrenOf(parents: Iterable<EntryId>): Received[] {
    const found = new Map<EntryId, Received>();
    for (const parent of parents) {
      for (const child of this.waiting.get(parent) ?? []) {
        const aside = this.entries.get(child);
        if (aside !== undefined) found.set(child, aside);
      }
    }
    return [...found.values()];
  }

  /** Those that `peer` offered. */
  offeredBy(peer: Author): Received[] {
    return [...this.entries.values()].filter(({ peers }) => peers.has(peer));
  }

  drop(id: EntryId): Received | undefined {
    const aside = this.entries.get(id);
    if (aside === undefined) return undefined;
    this.entries.delete(id);
    this.bytes -= aside.bytes;
    for (const parent of aside.entry.parents) {
      const children = this.waiting.get(parent);
      children?.delete(id);
      if (children?.size === 0) this.waiting.delete(parent);
    }
    return aside;
  }

  /** `peer` is gone: what only it offered may come from others, with the entry itself. Returns what was dropped. */
  forget(peer: Author): Received[] {
    const dropped: Received[] = [];
    for (const [id, { peers }] of this.entries) {
      peers.delete(peer);
      if (peers.size > 0) continue;
      const one = this.drop(id);
      if (one !== undefined) dropped.push(one);
    }
    return dropped;
  }
}

// A store that lives as long as its process: for many peers in one process, and for simulations.

import { hash } from "node:crypto";
import type { Author, Entry, EntryId } from "../../entries/index.ts";
import { HoldfastError } from "../../errors.ts";
import { isPlainDelete } from "../held-entries.ts";
import type { Carried, Held, Holdings, Received, StagedPiecewise } from "../holdings.ts";
import { INLINE_BYTES } from "../messages.ts";

export class HoldingsInMemory implements Holdings {
  readonly self: Author;
  readonly entries = new Map<EntryId, Entry>();
  readonly contents = new Map<string, Uint8Array>();
  /** Entries in the order in which they came. */
  readonly order: EntryId[] = [];
  evicted = 0;

  constructor(self: Author) {
    this.self = self;
  }

  /** What is made here. */
  put(entry: Entry, content?: Uint8Array): void {
    if (this.entries.has(entry.id)) return;
    this.entries.set(entry.id, entry);
    this.order.push(entry.id);
    if (content !== undefined) this.contents.set(hash("sha256", content), content);
    if (!isPlainDelete(entry)) return;
    for (const parent of entry.parents) {
      const named = this.entries.get(parent);
      // As the store does: a delete is of versions of its own artifact.
      if (named?.collection === entry.collection && named.name === entry.name) this.entries.delete(parent);
    }
  }

  async *all(): AsyncIterable<readonly Held[]> {
    yield [...this.entries.values()].map((entry) => ({ id: entry.id, entry }));
  }

  has(id: EntryId): boolean {
    return this.entries.has(id);
  }

  entry(id: EntryId): Entry | undefined {
    return this.entries.get(id);
  }

  async carried(id: EntryId): Promise<Carried | undefined> {
    const entry = this.entries.get(id);
    if (entry === undefined) return undefined;
    const { block, content } = entry;
    const bytes = content === null || content.size > INLINE_BYTES ? undefined : this.contents.get(content.hash);
    return bytes === undefined ? { block } : { block, content: bytes };
  }

  async piece(contentHash: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    return this.contents.get(contentHash)?.subarray(offset, offset + length);
  }

  hasContent({ content }: Entry): boolean {
    return content === null || this.contents.has(content.hash);
  }

  async stage(contentHash: string, size: number, pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const piece of pieces) parts.push(piece);
    const whole = Buffer.concat(parts);
    if (whole.length !== size || hash("sha256", whole) !== contentHash) {
      throw new HoldfastError("VERIFY_FAILED", `the content ${contentHash} came damaged`);
    }
    return whole;
  }

  discard(_content: StagedPiecewise | Uint8Array): void {}

  async add(received: readonly Received[]): Promise<void> {
    for (const { entry, content } of received) this.put(entry, content instanceof Uint8Array ? content : undefined);
  }

  async evict(ids: readonly EntryId[]): Promise<void> {
    for (const id of ids) if (this.entries.delete(id)) this.evicted += 1;
  }
}

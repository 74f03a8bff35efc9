// The workspace's own store as what a peer holds.

import { open } from "node:fs/promises";
import type { Author, Entry, EntryId } from "../entries/index.ts";
import { HoldfastError, toHoldfastError } from "../errors.ts";
import { adopt } from "../hub-client/index.ts";
import { contentFile, type Incoming, readContent, readContentUpTo, type Store } from "../store/index.ts";
import { isPlainDelete } from "./held-entries.ts";
import type { Carried, Held, Holdings, Received, StagedPiecewise } from "./holdings.ts";
import { INLINE_BYTES } from "./messages.ts";

const PAGE = 2_000;

export class StoreHoldings implements Holdings {
  readonly self: Author;
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
    this.self = store.identity.author;
  }

  async *all(): AsyncIterable<readonly Held[]> {
    await this.store.settlePending();
    const { catalog } = this.store;
    let after = 0;
    for (;;) {
      const arrivals = catalog.arrivals(after, PAGE);
      const last = arrivals.at(-1);
      if (last === undefined) return;
      after = last.arrival;
      yield arrivals.map(({ entry }) => ({ id: entry.id, entry }));
      await new Promise(setImmediate);
    }
  }

  has(id: EntryId): boolean {
    return this.store.hasEntry(id);
  }

  entry(id: EntryId): Entry | undefined {
    return this.store.entryById(id);
  }

  async carried(id: EntryId): Promise<Carried | undefined> {
    const version = this.store.sealed(id);
    if (version === undefined) {
      const entry = this.entry(id);
      return entry && { block: entry.block };
    }
    const { block } = version;
    if (version.entry.content === null) return { block };
    try {
      const content = readContentUpTo(this.store.layout, version, INLINE_BYTES);
      return content === undefined ? { block } : { block, content };
    } catch (error) {
      return { block, damage: toHoldfastError(error) };
    }
  }

  async piece(hash: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    const { layout } = this.store;
    const holder = this.store.holderOf(hash);
    if (holder?.entry.content == null) return undefined;
    const { size } = holder.entry.content;
    // What is small is checked here; a piece of what is not, by whoever puts all of them together.
    if (size <= INLINE_BYTES) return (await readContent(layout, holder)).subarray(offset, offset + length);
    const file = await open(contentFile(layout, holder));
    try {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  hasContent({ collection, content }: Entry): boolean {
    return content === null || this.store.holderIn(collection, content.hash) !== undefined;
  }

  async stage(hash: string, size: number, pieces: AsyncIterable<Uint8Array>): Promise<StagedPiecewise> {
    const staged = await this.store.staging.stage(pieces, { maxBytes: size });
    if (staged.hash === hash && staged.size === size) return staged;
    this.store.staging.discard(staged.dir);
    throw new HoldfastError("VERIFY_FAILED", `the content ${hash} that peers sent is not what its author signed`, {
      hint: "It was damaged on its way or at a peer, and was not taken in; it is fetched again.",
    });
  }

  discard(content: StagedPiecewise | Uint8Array): void {
    if ("dir" in content) this.store.staging.discard(content.dir);
  }

  async add(received: readonly Received[]): Promise<void> {
    const incoming: Incoming[] = [];
    const keep = async (): Promise<void> => {
      const batch = incoming.splice(0);
      try {
        await adopt(this.store, batch);
      } finally {
        for (const { content } of batch) if (content !== undefined) this.store.staging.discard(content.dir);
      }
    };
    for (const { entry, content } of received) {
      if (isPlainDelete(entry)) {
        await keep();
        await this.store.applyDelete(entry);
      } else incoming.push({ entry, ...(content === undefined ? {} : { content: this.staged(entry, content) }) });
    }
    await keep();
  }

  async evict(ids: readonly EntryId[]): Promise<void> {
    const entries = ids.map((id) => this.entry(id)).filter((entry) => entry !== undefined);
    for (const [collection, theirs] of Map.groupBy(entries, (entry) => entry.collection)) {
      await this.store.evict(collection, theirs);
    }
  }

  private staged(entry: Entry, content: StagedPiecewise | Uint8Array): StagedPiecewise {
    return "dir" in content ? content : this.store.staging.stageBytes(content, entry.content?.hash);
  }
}

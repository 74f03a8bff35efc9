// What a peer needs of a store, as one port: store-holdings.ts is the workspace's own, testing/holdings-in-memory.ts one that lives
// as long as its process.

import type { Author, Entry, EntryId } from "../entries/index.ts";
import type { HoldfastError } from "../errors.ts";

/** What has to be known of an entry without reading it. */
export interface Held {
  readonly id: EntryId;
  /** For its place on the ring, and its bytes. */
  readonly entry: Pick<
    Entry,
    "collection" | "name" | "doc" | "id" | "author" | "kind" | "parents" | "block" | "content"
  >;
}

/** An entry that came, verified, with its content where it has one. */
export interface Received {
  readonly entry: Entry;
  /** All of it, with the hash that the entry names; absent where the entry has none, or this store has it already. */
  readonly content?: Uint8Array | StagedPiecewise;
}

/** Content that was written down piece by piece, complete and of the hash that was asked for. */
export interface StagedPiecewise {
  readonly dir: string;
  readonly hash: string;
  readonly size: number;
}

/** An entry, and its content where that is here and small enough to travel along. */
export interface Carried {
  /** The entry as it was signed. */
  readonly block: Uint8Array;
  readonly content?: Uint8Array;
  /** Why its content cannot be read, where it cannot. */
  readonly damage?: HoldfastError;
}

export interface Holdings {
  /** Whose entries are made here. */
  readonly self: Author;
  /** Everything that is here, slice by slice. */
  all(): AsyncIterable<readonly Held[]>;
  has(id: EntryId): boolean;
  /** Undefined when it is not here, or not any more. */
  entry(id: EntryId): Entry | undefined;
  /** The same with what travels along with it (`INLINE_BYTES`). */
  carried(id: EntryId): Promise<Carried | undefined>;
  /** `length` bytes at most of a content, from `offset`; undefined when it is not here. */
  piece(hash: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** True when the content is here. */
  hasContent(entry: Entry): boolean;
  /** Room for a content that comes piece by piece. */
  stage(hash: string, size: number, pieces: AsyncIterable<Uint8Array>): Promise<StagedPiecewise | Uint8Array>;
  discard(content: StagedPiecewise | Uint8Array): void;
  /** Takes entries in, parents first; durable when it resolves. What is here already is passed over. */
  add(received: readonly Received[]): Promise<void>;
  /** Removes what others hold, here only: nobody is told, and it may come back. */
  evict(ids: readonly EntryId[]): Promise<void>;
}

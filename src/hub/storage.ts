// What a hub needs of a storage, as one port. SQLite implements it (sqlite-storage.ts); `testing/storage-conformance.ts` is the
// suite that every implementation passes. One storage is one workspace.
//
// Promises that an implementation makes:
// - `append` is atomic per batch, gives sequences 1, 2, 3 ... without gaps in commit order, and resolves only when what it
//   reports survives `kill -9` and a power loss. A reader never sees sequence n before n-1.
// - A key (author, writer, n) is appended once, whoever asks and however often.
// - `onChange` is a hint that something may be new, at least once after each change, from whichever process; never the
//   truth: whoever is woken reads.
// - A content is served whole and undamaged in size, or not at all.

import type { Author, ContentHash, Entry, EntryId } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { AppendResult, Conflict, DocumentStatus, NewToken, Role, SearchResult, TokenInfo } from "./protocol.ts";

export interface HubStorage {
  readonly workspace: { readonly id: string; readonly name: string };
  readonly epoch: string;
  readonly entries: EntryStorage;
  readonly contents: ContentStorage;
  readonly tokens: TokenStorage;
  readonly texts: TextSearch;
  /** Calls `listener` when entries or tokens may have changed. Returns the function that ends it. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

/** Entries to append together or not at all. */
export interface Batch {
  /** Read and verified. */
  readonly entries: readonly Entry[];
  /** Contents to keep with them, each already checked against its hash. */
  readonly contents: ReadonlyMap<ContentHash, Uint8Array>;
}

export type AppendOutcome =
  | { readonly outcome: "appended"; readonly results: readonly AppendResult[]; readonly head: number }
  | { readonly outcome: "conflicts"; readonly conflicts: readonly Conflict[] }
  | { readonly outcome: "missing"; readonly hashes: readonly ContentHash[] }
  /** The entry at `index` names a size that its content does not have. */
  | { readonly outcome: "wrong-size"; readonly index: number; readonly size: number }
  /** This batch alone could not be written (full disk, ...); the storage is as before it. */
  | { readonly outcome: "failed"; readonly error: unknown };

export interface EntryStorage {
  head(): Promise<number>;
  /** Judges and appends each batch in turn; one commit for all. One outcome a batch. */
  append(batches: readonly Batch[]): Promise<readonly AppendOutcome[]>;
  /** Entries after `since`, in order; `next` tells how far was looked, also when filters left little. */
  scan(query: ScanQuery): Promise<Scan>;
}

export interface ScanQuery {
  readonly since: number;
  /** Entries at the most. */
  readonly limit: number;
  /** Absent: all. */
  readonly collections?: readonly string[];
  /** Contents to load: none; those that travel inline; or the text of notes. */
  readonly load: "blocks" | "inline" | "listed";
  /** Bytes of loaded contents after which the page ends. */
  readonly contentBytes: number;
}

export interface Scan {
  readonly head: number;
  readonly next: number;
  readonly entries: readonly StoredEntry[];
}

export interface StoredEntry {
  readonly sequence: number;
  readonly id: EntryId;
  readonly collection: string;
  readonly name: string;
  readonly kind: Entry["kind"];
  readonly author: Author;
  readonly wallMs: number;
  readonly block: Uint8Array;
  readonly contentHash: ContentHash | null;
  readonly content?: Uint8Array;
}

export interface ContentStorage {
  missing(hashes: readonly ContentHash[]): Promise<ContentHash[]>;
  /** Bytes, or undefined when it is not here whole. */
  size(hash: ContentHash): Promise<number | undefined>;
  /** Bytes of an upload that broke off. */
  partialSize(hash: ContentHash): Promise<number>;
  /** Streams bytes `from` to `to` (exclusive). Undefined when it is not here whole. */
  read(hash: ContentHash, from: number, to: number): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Keeps `chunks` as the content's bytes. Throws `VERIFY_FAILED`, `TOO_LARGE`, `DISK_FULL`, `BAD_REQUEST` when they end
   *  before the total, and `UploadMovedError`. What arrived before `chunks` failed is kept for going on later. A content
   *  that is here already is left alone. */
  write(hash: ContentHash, chunks: AsyncIterable<Uint8Array>, wish: ContentWrite): Promise<void>;
}

export interface ContentWrite {
  /** Where in the content the chunks begin. */
  readonly offset: number;
  /** Bytes of the whole content, when the sender told. */
  readonly total?: number | undefined;
  readonly maxBytes: number;
}

/** The part kept so far ends elsewhere than where the sender goes on; `details.offset` says where. */
export class UploadMovedError extends HoldfastError {
  override readonly name: string = "UploadMovedError";
  constructor(hash: ContentHash, offset: number) {
    super("BAD_REQUEST", `the upload of ${hash} goes on at byte ${offset}`, {
      hint: "Another upload of the same content is under way; look at the offset again.",
      details: { offset },
    });
  }
}

export interface KnownToken {
  readonly id: string;
  readonly role: Role;
}

export interface TokenStorage {
  create(role: Role): Promise<NewToken>;
  list(): Promise<TokenInfo[]>;
  /** Throws `NOT_FOUND` for an unknown id; revoking again does nothing. */
  revoke(id: string): Promise<void>;
  /** The token, if it is known and not revoked. Compared by hash, in constant time. */
  find(token: string): Promise<KnownToken | undefined>;
  /** Which of `ids` are not revoked. */
  live(ids: readonly string[]): Promise<Set<string>>;
  registerKey(tokenId: string, author: Author): Promise<void>;
  /** The authors registered with this token. */
  authors(tokenId: string): Promise<ReadonlySet<Author>>;
}

export interface SearchQuery {
  /** Plain words. */
  readonly words: string;
  readonly prefix?: string;
  readonly collection?: string;
  readonly limit: number;
}

export interface TextSearch {
  status(docs: readonly EntryId[]): Promise<DocumentStatus[]>;
  search(query: SearchQuery): Promise<SearchResult[]>;
}

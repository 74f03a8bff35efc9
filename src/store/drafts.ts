// What callers say of new versions, and what they are told of them.

import type { WaitReport } from "../coordination/index.ts";
import type { Entry, EntryBody, EntryId, IdempotencyKey } from "../entries/index.ts";
import type { StagedContent, StageLimits } from "./staging.ts";
import type { ContentAt } from "./version-record.ts";

/** What an author says of a new version; the store adds number, clock, parents and key. */
export interface Draft {
  readonly collection: string;
  readonly name: string;
  readonly kind: EntryBody["kind"];
  /** The bytes: staged, or already in the store; null for a delete. */
  readonly content: { readonly at: StagedContent | StoredContent; readonly type: string } | null;
  readonly tags?: Readonly<Record<string, string>>;
  /** Default: the artifact's newest version. */
  readonly parents?: readonly EntryId[];
  readonly doc?: EntryId | null;
  readonly base?: EntryId | null;
  readonly from?: string;
  readonly mode?: number;
  /** Default: this process's own next one. */
  readonly key?: IdempotencyKey;
}

/** Content that some version of the same collection holds. */
export interface StoredContent extends ContentAt {
  readonly hash: string;
  readonly size: number;
}

/** An entry from elsewhere with its bytes; `content` is undefined where the entry has none or the store holds it. */
export interface Incoming {
  readonly entry: Entry;
  /** The number to give it, where that is above all that were given; else it gets the next. */
  readonly version?: number;
  /** Of a renamed version: the entry with which its content was first saved. */
  readonly origin?: Entry;
  readonly content?: StagedContent;
}

export interface PutOptions extends StageLimits {
  readonly collection?: string;
  readonly type?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Refuse with `STALE_BASE` unless this entry is the newest version; null: unless there is none. */
  readonly base?: EntryId | null;
  /** Write although the artifact belongs to somebody else. */
  readonly takeOver?: "refuse" | "allow";
  readonly lockTimeoutMs?: number;
  readonly onWait?: (waiting: WaitReport) => void;
  readonly key?: IdempotencyKey;
}

/** What `data put` prints. */
export interface PutResult {
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly size: number;
  readonly entry: EntryId;
}

export interface LockWait {
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called when the wait has lasted a second, and every second after that, with who is waited for. */
  readonly onWait?: (waiting: WaitReport) => void;
}

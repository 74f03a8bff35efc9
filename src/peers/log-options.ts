// What a log is opened with, what it tells, and what it says of itself.

import type { Author, Entry } from "../entries/index.ts";
import type { HoldfastError } from "../errors.ts";
import type { Holdings } from "./holdings.ts";
import type { Message } from "./messages.ts";
import type { ReplicatorRows } from "./replicator-rows.ts";
import type { Segment } from "./segments.ts";
import type { Time } from "./time.ts";

export const DEFAULTS = {
  replicas: 2,
  roleAgeMs: 3_000,
  beatMs: 2_000,
  restartCheckMs: 15_000,
} as const;

export interface SharedLogEvents {
  onJoin?(peer: Author): void;
  onLeave?(peer: Author): void;
  onChange?(peer: Author): void;
  onMature?(peer: Author, segment: Segment): void;
  /** Entries of others that are in the store now. */
  onEntries?(entries: readonly Entry[]): void;
  /** What was refused, or could not be done; the rest goes on. */
  onError?(error: HoldfastError): void;
}

export interface SharedLogOptions {
  /** Copies of each entry that there are to be. Default 2. */
  readonly replicas?: number;
  /** A segment counts for others when it is this old, ms. Default 3,000. */
  readonly roleAgeMs?: number;
  /** Between two beats to a peer, ms. Default 2,000. */
  readonly beatMs?: number;
  /** Replicators of before a restart that were not heard of for so long are forgotten, ms. Default 15,000. */
  readonly restartCheckMs?: number;
  /** Checks a block's shape and signature; by default on another thread. */
  readonly readEntry?: (block: Uint8Array) => Promise<Entry>;
  /** Shows a hub of this epoch, for a member that asks, that our entries may be brought there: a signature. Absent: to nobody. */
  readonly vouch?: (epoch: string) => Uint8Array;
  readonly events?: SharedLogEvents;
}

export interface SharedLogParts extends SharedLogOptions {
  readonly self: Author;
  readonly topic: string;
  readonly holdings: Holdings;
  readonly rows: ReplicatorRows;
  readonly time: Time;
  readonly random: () => number;
  readonly send: (peer: Author, message: Message) => boolean;
  /** Our own subscription. */
  readonly session: number;
  readonly sessionOf: (peer: Author) => number | undefined;
  /** `peer` counts as gone: its subscription has ended. */
  readonly forget: (peer: Author) => void;
  /** Asks `peer` what it is subscribed to. */
  readonly ask: (peer: Author) => void;
  readonly reconnect: (peer: Author) => void;
}

export interface PeerStatus {
  readonly peer: Author;
  readonly isReplicator: boolean;
  /** Of the ring. */
  readonly share: number;
  /** We have everything we want of it, and it of us. */
  readonly converged: boolean;
  /** How long its last answer took; undefined while it has given none. */
  readonly pingMs: number | undefined;
}

export interface LogStatus {
  readonly peers: readonly PeerStatus[];
  /** Replicators that went silent and have not come back. */
  readonly away: readonly Author[];
  readonly converged: boolean;
  readonly entries: number;
  /** Of these entries and their contents. */
  readonly bytes: number;
  /** On their way to peers; kept aside because what they were made from is missing. */
  readonly sending: number;
  readonly waiting: number;
}

// Which peers have written down what was made here: told by their answer to what was sent, or by the beat that says they have
// everything up to a revision that held it.

import type { Author, Entry, EntryId } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Time } from "./time.ts";

/** Entries that are waited for, or may be: the oldest are forgotten beyond it. */
const MAX_KEPT = 100_000;

interface Made {
  readonly entry: Entry;
  readonly revision: number;
  readonly peers: Set<Author>;
  readonly waiting: Set<() => void>;
}

export class Acknowledgements {
  private readonly time: Time;
  private readonly isLeader: (peer: Author, entry: Entry) => boolean;
  /** Up to which of our revisions each peer has everything it wants. */
  private readonly seenBy = new Map<Author, number>();
  private readonly byEntry = new Map<EntryId, Made>();
  /** Those that somebody waits for. */
  private readonly awaited = new Set<Made>();
  private readonly closing = new AbortController();

  /** `isLeader`: what a peer wants includes `entry`, so having everything it wants it has that. */
  constructor(time: Time, isLeader: (peer: Author, entry: Entry) => boolean) {
    this.time = time;
    this.isLeader = isLeader;
  }

  close(): void {
    this.closing.abort();
    for (const { waiting } of this.byEntry.values()) for (const wake of waiting) wake();
  }

  /** `entries` are here since `revision`. */
  made(entries: readonly Entry[], revision: number): void {
    for (const entry of entries) this.byEntry.set(entry.id, { entry, revision, peers: new Set(), waiting: new Set() });
    for (const id of this.byEntry.keys()) {
      if (this.byEntry.size <= MAX_KEPT) break;
      this.byEntry.delete(id);
    }
  }

  taken(peer: Author, ids: readonly EntryId[]): void {
    for (const id of ids) this.add(peer, this.byEntry.get(id));
  }

  /** `peer` has everything it wants of us up to `revision`. */
  seen(peer: Author, revision: number): void {
    this.seenBy.set(peer, revision);
    for (const made of this.awaited) this.addIfSeen(peer, revision, made);
  }

  /** `peer` is gone, and its count of our revisions with it. */
  forget(peer: Author): void {
    this.seenBy.delete(peer);
  }

  /** Throws `PEER_TIMEOUT`, `INTERRUPTED`, `NOT_FOUND`. */
  async wait(entry: EntryId, minAcks: number, timeoutMs: number): Promise<void> {
    const made = this.byEntry.get(entry);
    if (made === undefined) throw new HoldfastError("NOT_FOUND", `the entry ${entry} was not made here`);
    for (const [peer, revision] of this.seenBy) this.addIfSeen(peer, revision, made);
    this.awaited.add(made);
    const late = Promise.withResolvers<void>();
    const callOff = this.time.after(timeoutMs, () => late.resolve());
    let wake = (): void => {};
    try {
      while (made.peers.size < minAcks) {
        if (this.closing.signal.aborted) throw new HoldfastError("INTERRUPTED", "the log was closed");
        const more = Promise.withResolvers<"more">();
        wake = () => more.resolve("more");
        made.waiting.add(wake);
        const first = await Promise.race([more.promise, late.promise.then(() => "late" as const)]);
        made.waiting.delete(wake);
        if (first === "late" && made.peers.size < minAcks) throw tooFew(entry, made.peers.size, minAcks, timeoutMs);
      }
    } finally {
      callOff();
      made.waiting.delete(wake);
      if (made.waiting.size === 0) this.awaited.delete(made);
    }
  }

  private addIfSeen(peer: Author, revision: number, made: Made): void {
    if (made.revision <= revision && this.isLeader(peer, made.entry)) this.add(peer, made);
  }

  private add(peer: Author, made: Made | undefined): void {
    if (made === undefined || made.peers.has(peer)) return;
    made.peers.add(peer);
    for (const wake of made.waiting) wake();
  }
}

function tooFew(entry: EntryId, acks: number, minAcks: number, timeoutMs: number): HoldfastError {
  return new HoldfastError(
    "PEER_TIMEOUT",
    `${acks} of ${minAcks} peers have written ${entry} down after ${timeoutMs} ms`,
    {
      hint: "It is saved here, and goes to the others when they can be reached.",
      details: { entry, acks, minAcks },
    },
  );
}

// The folder's side of pushing: batch after batch, until nothing is left that may go now.

import { withDeadline } from "../coordination/index.ts";
import {
  awaitDone,
  backOff,
  countSendable,
  type HubApi,
  isEntryFault,
  type PushOutcome,
  type PushParts,
  pushBatch,
} from "../hub-client/index.ts";
import { fillFrom } from "./folder-parts.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { HubTerms } from "./hub-terms.ts";
import { joinForks } from "./recover-heads.ts";
import { hasGivenUpForSize, passOverTooLarge } from "./too-large.ts";

/** Refusals in a row with nothing new at the hub, after which a lane waits before it tries again. */
const MAX_IDLE_ROUNDS = 3;

export class FolderPush {
  private readonly sync: FolderSync;
  private readonly api: HubApi;
  private readonly terms: HubTerms;
  private sending: Promise<PushOutcome> | undefined;

  constructor(sync: FolderSync, api: HubApi, terms: HubTerms) {
    this.sync = sync;
    this.api = api;
    this.terms = terms;
  }

  /** Returns how many entries the hub took. */
  async push(onFailure: "throw" | "later"): Promise<number> {
    const { sync } = this;
    const parts = await this.pushParts();
    let pushed = 0;
    let idleRounds = 0;
    const { progress } = sync.parts;
    progress.begin("push", () => pushed + countSendable(parts.db));
    // A step under way fills the outbox itself, once what it saved is recorded.
    if (sync.isAtRest) await sync.inLane(() => this.fill());
    for (;;) {
      const outcome = await this.sendBatch(parts);
      if (outcome.kind === "idle") {
        if ((await this.passOver()) === 0) return pushed;
      } else if (outcome.kind === "sent") {
        pushed += outcome.entries;
        progress.add("push", { files: outcome.entries });
      } else if (outcome.kind === "stale") {
        // A lane that then still has to go is free to: the end of a pull wakes it, be it this one or the next.
        const pulled = await sync.pull();
        const joined = await sync.inLane(() => joinForks(sync.parts, new Set(outcome.lanes)));
        idleRounds = pulled + joined === 0 ? idleRounds + 1 : 0;
        if (idleRounds > MAX_IDLE_ROUNDS) backOff(parts.db, outcome.lanes, "the hub refuses it", Date.now());
      } else if (onFailure === "throw" && !isEntryFault(outcome.error)) throw outcome.error;
      else if (!isEntryFault(outcome.error)) return pushed;
    }
  }

  /** Resolves when nothing is on its way to the hub without an answer, or after `limitMs`: false then. */
  async answered(limitMs: number): Promise<boolean> {
    if (this.sending === undefined) return true;
    let isLate = false;
    await withDeadline(this.sending, limitMs, () => {
      isLate = true;
      return new Error("no answer yet");
    }).catch(() => {}); // late or refused: whoever waits asks the hub then
    return !isLate;
  }

  private async sendBatch(parts: PushParts): Promise<PushOutcome> {
    const sending = pushBatch(parts);
    this.sending = sending;
    try {
      return await sending;
    } finally {
      if (this.sending === sending) this.sending = undefined;
    }
  }

  private async passOver(): Promise<number> {
    // Asked outside of the lane, or whoever has sent all there is so far waits until the rest has been taken in.
    if (!hasGivenUpForSize(this.sync.parts)) return 0;
    return this.sync.inLane(async () => {
      const freed = await passOverTooLarge(this.sync.parts, this.terms.fileBytes);
      if (freed > 0) await this.fill();
      return freed;
    });
  }

  private fill(): Promise<void> {
    return fillFrom(this.sync.parts);
  }

  private async pushParts(): Promise<PushParts> {
    const { store, db, documents } = this.sync.parts;
    return {
      store,
      db,
      api: this.api,
      limits: await this.terms.limits(),
      onBytes: (bytes) => this.sync.parts.progress.add("push", { bytes }),
      onAccepted: (entry, sequence) => {
        if (entry.doc === undefined) return;
        const doc = entry.doc ?? entry.id;
        const known = documents.doc(doc);
        // Compare and advance: an answer that comes late changes nothing that is newer.
        if (known !== undefined && sequence > known.remote_sequence) {
          documents.putDoc({ ...known, synced: entry.id, remote: entry.id, remote_sequence: sequence });
        }
        if (entry.kind !== "delete") awaitDone(db, doc, entry.id);
      },
    };
  }
}

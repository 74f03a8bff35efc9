// The folder's side of pushing: batch after batch, until nothing is left that may go now.

import { sleep } from "../coordination/index.ts";
import {
  awaitDone,
  countSendable,
  fillOutbox,
  type HubApi,
  isEntryFault,
  type PushOutcome,
  type PushParts,
  pushBatch,
  wakeLane,
} from "../hub-client/index.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { HubTerms } from "./hub-terms.ts";
import { passOverTooLarge } from "./too-large.ts";

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
        // Pull first; a lane that then still has to go is free to.
        await sync.pull();
        await sync.inLane(() => sync.bringTogether());
        for (const lane of outcome.lanes) wakeLane(parts.db, lane);
      } else if (onFailure === "throw" && !isEntryFault(outcome.error)) throw outcome.error;
      else if (!isEntryFault(outcome.error)) return pushed;
    }
  }

  /** Resolves when nothing is on its way to the hub without an answer, or after `limitMs`. */
  async answered(limitMs: number): Promise<void> {
    if (this.sending === undefined) return;
    const limit = new AbortController();
    const answer = this.sending.catch(() => {}).finally(() => limit.abort());
    await Promise.race([answer, sleep(limitMs, limit.signal).catch(() => {})]);
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

  private passOver(): Promise<number> {
    return this.sync.inLane(async () => {
      const freed = await passOverTooLarge(this.sync.parts, this.terms.fileBytes);
      if (freed > 0) await this.fill();
      return freed;
    });
  }

  private fill(): Promise<void> {
    const { store, db } = this.sync.parts;
    return fillOutbox(store, db, store.identity.author);
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

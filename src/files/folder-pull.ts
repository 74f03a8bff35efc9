// The folder's side of pulling: page after page, each taken in and brought together with what lies here, until the hub has
// nothing newer.

import {
  askPage,
  fillInNotes,
  type HubApi,
  hasSendable,
  type PageAhead,
  type PullParts,
  pullPage,
  retryDeferred,
  wakeStale,
} from "../hub-client/index.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { HubTerms } from "./hub-terms.ts";
import { recordRemote } from "./take-remote.ts";

export class FolderPull {
  private readonly sync: FolderSync;
  private readonly api: HubApi;
  private readonly terms: HubTerms;
  private readonly kickPush: () => void;

  constructor(sync: FolderSync, api: HubApi, terms: HubTerms, kickPush: () => void) {
    this.sync = sync;
    this.api = api;
    this.terms = terms;
    this.kickPush = kickPush;
  }

  /** Returns how many entries of others came. */
  async pull(): Promise<number> {
    const { sync } = this;
    const { db, progress, clashes } = sync.parts;
    const parts = await this.pullParts();
    sync.passOwn();
    let pulled = 0;
    const first = askPage(this.api, db.cursor);
    await this.terms.inTime(first.page);
    let ahead: PageAhead | undefined = first;
    const start = db.cursor;
    let head = start;
    progress.begin("pull", () => (head === start ? undefined : head - start));
    for (let more = true; more; ) {
      const before = db.cursor;
      const page = await pullPage(parts, ahead);
      pulled += page.pulled;
      more = page.more;
      ahead = page.ahead;
      head = page.head;
      clashes.isCatchingUp = more;
      if (page.pulled > 0 || !more) await sync.inLane(() => sync.bringTogether());
      progress.add("pull", { files: db.cursor - before });
    }
    pulled += await fillInNotes(parts);
    if ((await retryDeferred(parts)) > 0) await sync.inLane(() => sync.bringTogether());
    // Versions that were made to bring things together want to be sent as well.
    if (wakeStale(db) > 0 || hasSendable(db)) this.kickPush();
    db.clearError();
    return pulled;
  }

  private async pullParts(): Promise<PullParts> {
    const { store, db, progress } = this.sync.parts;
    return {
      store,
      db,
      api: this.api,
      limits: await this.terms.limits(),
      onDocuments: (entries) => recordRemote(this.sync.parts, store.identity.author, entries),
      onBytes: (bytes) => progress.add("pull", { bytes }),
    };
  }
}

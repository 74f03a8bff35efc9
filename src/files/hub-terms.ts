// What is asked of a hub first, once for a connection: that it is the one this folder is in step with, that it knows our
// key, and what it accepts.

import { sleep } from "../coordination/index.ts";
import type { Identity } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { HubLimits } from "../hub/protocol.ts";
import { type HubApi, requireEpoch, type SyncDb } from "../hub-client/index.ts";

export class HubTerms {
  private readonly api: HubApi;
  private readonly db: SyncDb;
  private readonly identity: Identity;
  private told: HubLimits | undefined;
  private isSilent = false;

  constructor(api: HubApi, db: SyncDb, identity: Identity) {
    this.api = api;
    this.db = db;
    this.identity = identity;
  }

  /** Throws `EPOCH_CHANGED`, `HUB_UNREACHABLE`, `UNAUTHORIZED`, ... */
  async limits(): Promise<HubLimits> {
    if (this.isSilent) throw new HoldfastError("HUB_UNREACHABLE", `the hub at ${this.api.url} does not answer`);
    if (this.told === undefined) {
      const info = await this.api.workspace();
      requireEpoch(this.db, info.epoch, this.api.url);
      await this.api.registerKey(this.identity, info.epoch);
      this.told = info.limits;
    }
    return this.told;
  }

  /** The next call asks again: the token may be another one, which has to learn our key. */
  forget(): void {
    this.told = undefined;
  }

  /** Runs `body`, in which a hub that has not answered within `patienceMs` is not asked again. */
  async unlessSilent(patienceMs: number, body: () => Promise<void>): Promise<void> {
    const limit = new AbortController();
    // What else may be wrong with it is told by whoever asks next.
    const answer = this.limits().then(
      () => false,
      () => false,
    );
    const silence = sleep(patienceMs, limit.signal).then(
      () => true,
      () => false,
    );
    this.isSilent = await Promise.race([answer, silence]);
    limit.abort();
    try {
      await body();
    } finally {
      this.isSilent = false;
    }
  }
}

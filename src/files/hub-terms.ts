// What is asked of a hub first: that it is the one this folder is in step with, that it knows our key, and what it accepts.
// That is asked again now and then, as a hub may be started anew with other limits, and kept for when it is away.

import { sleep } from "../coordination/index.ts";
import type { Identity } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { DEFAULT_LIMITS, type HubLimits } from "../hub/protocol.ts";
import { type HubApi, requireEpoch, type SyncDb } from "../hub-client/index.ts";

/** In sync.db's `meta`. */
const FILE_BYTES = "hub_file_bytes";
/** What a hub said it accepts is gone by for so long before it is asked again, ms. */
const FRESH_MS = 5_000;

export class HubTerms {
  private readonly api: HubApi;
  private readonly db: SyncDb;
  private readonly identity: Identity;
  private readonly onFileBytes: () => void;
  private told: HubLimits | undefined;
  private isSilent = false;
  private patienceMs: number | undefined;
  private isAsking = false;
  private askAgainAt = 0;

  /** `onFileBytes`: the hub takes larger, or smaller, files than it did. */
  constructor(api: HubApi, db: SyncDb, identity: Identity, onFileBytes: () => void) {
    this.api = api;
    this.db = db;
    this.identity = identity;
    this.onFileBytes = onFileBytes;
  }

  /** Throws `EPOCH_CHANGED`, `HUB_UNREACHABLE`, `UNAUTHORIZED`, ... */
  async limits(): Promise<HubLimits> {
    if (this.isSilent) throw this.silence();
    if (this.told === undefined) {
      const info = await this.api.workspace();
      requireEpoch(this.db, info.epoch, this.api.url);
      await this.api.registerKey(this.identity, info.epoch);
      this.take(info.limits);
      return info.limits;
    }
    if (performance.now() >= this.askAgainAt) void this.askAgain();
    return this.told;
  }

  /** Bytes of a file that the hub takes, as it said last; before it ever did, what hubs take as a rule. */
  get fileBytes(): number {
    return this.told?.fileBytes ?? Number(this.db.meta(FILE_BYTES) ?? DEFAULT_LIMITS.fileBytes);
  }

  private take(limits: HubLimits): void {
    const before = this.fileBytes;
    this.told = limits;
    this.askAgainAt = performance.now() + FRESH_MS;
    if (this.db.meta(FILE_BYTES) !== String(limits.fileBytes)) this.db.setMeta(FILE_BYTES, String(limits.fileBytes));
    if (limits.fileBytes !== before) this.onFileBytes();
  }

  /** Beside what is under way, which goes by what was said last. */
  private async askAgain(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      const { epoch, limits } = await this.api.workspace();
      if (epoch === this.db.meta("epoch")) this.take(limits);
    } catch {
      // Whoever needs an answer gets the failure.
    } finally {
      this.isAsking = false;
    }
  }

  /** The next call asks again: the token may be another one, which has to learn our key. */
  forget(): void {
    this.told = undefined;
  }

  /** The hub was away: it may have been started anew. */
  doubt(): void {
    this.askAgainAt = 0;
  }

  /** Runs `body`, in which a hub that has not answered within `patienceMs` is not asked again, and no answer that
   *  `inTime` sees to is waited for longer than that. */
  async unlessSilent(patienceMs: number, body: () => Promise<void>): Promise<void> {
    this.patienceMs = patienceMs;
    try {
      // What else may be wrong with it is told by whoever asks next.
      await this.inTime(this.limits()).catch(() => {});
      await body();
    } finally {
      this.isSilent = false;
      this.patienceMs = undefined;
    }
  }

  /** `answer`, or `HUB_UNREACHABLE` where there is little patience and it does not come. */
  async inTime<T>(answer: Promise<T>): Promise<T> {
    if (this.patienceMs === undefined) return answer;
    const limit = new AbortController();
    const silence = sleep(this.patienceMs, limit.signal).then(() => {
      this.isSilent = this.patienceMs !== undefined;
      throw this.silence();
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      silence.catch(() => {});
      limit.abort();
    }
  }

  private silence(): HoldfastError {
    return new HoldfastError("HUB_UNREACHABLE", `the hub at ${this.api.url} does not answer`);
  }
}

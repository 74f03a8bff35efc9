// What one caller of a lock wants, checked: options with their defaults, and the hold that it works under, if any.

import { basename, resolve } from "node:path";
import { HoldfastError } from "../errors.ts";
import { holderName } from "./holder-name.ts";
import { checkLockOptions, DEFAULT_LEASE_MS, DEFAULT_TIMEOUT_MS, type LockOptions, scopeOf } from "./lock-options.ts";
import { type LockRecord, thisProcess } from "./owner.ts";
import { type Claim, PassedHolds, within } from "./passed-hold.ts";
import { Silence } from "./silence.ts";

export interface LockWish {
  /** The lock directory, absolute. */
  readonly path: string;
  /** Where it is taken: `path`, or within it under a hold that was passed on. */
  readonly dir: string;
  readonly claim: Claim | undefined;
  readonly hold: string | undefined;
  readonly timeoutMs: number;
  readonly leaseMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onLost: LockOptions["onLost"];
  readonly record: LockRecord;
  readonly silence: Silence;
}

/** Throws `BAD_OPTION`; `LOCK_REENTERED` when one of `held` is the lock; `LOCK_NOT_PASSED`, `LOCK_LOST` for a hold that is none. */
export function makeWish(path: string, options: LockOptions, held: readonly { readonly dir: string }[]): LockWish {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, leaseMs = DEFAULT_LEASE_MS, hold } = options;
  checkLockOptions(options);
  const absolute = resolve(path);
  const claim = hold === undefined ? undefined : new PassedHolds(hold).claim(absolute);
  const dir = claim === undefined ? absolute : within(claim.dir);
  if (held.some((lock) => lock.dir === dir)) {
    throw new HoldfastError("LOCK_REENTERED", `lock ${absolute} is already held by the caller itself`, {
      hint: "Do the inner work under the lock that is held, or pass the hold on to it; waiting for oneself would never end.",
      details: { path: absolute },
    });
  }
  const record: LockRecord = {
    ...thisProcess(),
    scope: options.scope ?? scopeOf(absolute),
    holder: options.holder ?? holderName() ?? basename(process.argv[1] ?? process.title),
    leaseMs,
    sinceMs: Date.now(),
  };
  const { signal, onLost } = options;
  return { path: absolute, dir, claim, hold, timeoutMs, leaseMs, signal, onLost, record, silence: new Silence() };
}

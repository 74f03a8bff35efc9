// holdfast/coordination: race-safe primitives for any Node program. No dependency on the rest of Holdfast.
//
// Start at lock.ts: the protocol that the others lean on, top to bottom.

export { Backoff, type BackoffOptions } from "./backoff.ts";
export { heldHere } from "./held-lock.ts";
export { type HoldOptions, HoldUntilReady } from "./hold-until-ready.ts";
export { acquireLock, HeldLock, tryAcquireLock, withLock } from "./lock.ts";
export type { LockOptions } from "./lock-options.ts";
export { forceRelease, type LockListing, type LockState, listLocks, readLock } from "./lock-reports.ts";
export { OnceByKey } from "./once-by-key.ts";
export type { LockRecord } from "./owner.ts";
export { isOwnerTokenAlive, ownerToken } from "./owner-token.ts";
export { HOLD_VARIABLE } from "./passed-hold.ts";
export { collectionOfScope, lockPath, STRUCTURAL, scopeOfCollection } from "./scopes.ts";
export { SerialByKey } from "./serial-by-key.ts";
export { type Fence, StructuralLock, type StructuralLockOptions } from "./structural-lock.ts";
export { turnGiver } from "./turns.ts";
export { sleep, withDeadline } from "./wait.ts";
export type { WaitReport } from "./waiting-notices.ts";
export { Watermark } from "./watermark.ts";

// holdfast/coordination: race-safe primitives for any Node program. No dependency on the rest of Holdfast.
//
// Start at lock.ts: the protocol that the others lean on, top to bottom.

export { acquireLock, HeldLock, type LockOptions, tryAcquireLock, withLock } from "./lock.ts";
export { forceRelease, type LockListing, type LockState, listLocks, readLock } from "./lock-reports.ts";
export type { LockRecord } from "./owner.ts";

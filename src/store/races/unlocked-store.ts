// A store that is used by one process alone, and takes no lock: for scenarios of power losses. What a power loss leaves of a
// lock is a dead owner's, whatever it is, since the machine was started again (coordination/races/same-pid-after-boot.race.ts);
// and each name that a lock changes, unflushed, doubles the disks that a power loss can leave.

import { StructuralLock } from "../../coordination/index.ts";
import { withStore } from "./saved.ts";

const HELD = { assertHeld: () => {}, generations: new Map([["data", 100]]), passOn: () => "" };

/** `withStore` of a process that takes no lock from here on. */
export const withUnlockedStore: typeof withStore = (work) => {
  StructuralLock.prototype.withCollections = async (_names, _options, body) => body(HELD);
  StructuralLock.prototype.alone = async (_options, body) => body(HELD);
  return withStore(work);
};

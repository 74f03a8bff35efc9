// A store that is used by one process alone, and takes no lock: for scenarios of power losses. What a power loss leaves of a
// lock is a dead owner's, whatever it is, since the machine was started again (coordination/races/same-pid-after-boot.race.ts);
// and each name that a lock changes, unflushed, doubles the disks that a power loss can leave.

import { openWorkspaceRecord } from "../index.ts";
import { Store } from "../store.ts";
import { FOLDER } from "./saved.ts";

const HELD = { assertHeld: () => {} };

class UnlockedStore extends Store {
  override exclusively: Store["exclusively"] = (_collections, _wait, body) => body(HELD);
  override alone: Store["alone"] = (_wait, body) => body(HELD);
}

/** Runs `work` with the store, as the only process would. */
export async function withUnlockedStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const { layout, identity } = openWorkspaceRecord(FOLDER);
  using store = new UnlockedStore(layout, identity);
  return await work(store);
}

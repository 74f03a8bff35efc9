// What `lock release --force` does, for scenarios of holders whose lock is taken from them.

import { forceRelease, lockPath, readLock } from "../../coordination/index.ts";
import { FOLDER } from "./saved.ts";

/** Releases the lock of `scope` by its generation, if somebody holds it. */
export function takeAway(scope = "data"): void {
  const path = lockPath(`${FOLDER}/.holdfast/locks`, scope);
  const { state, generation } = readLock(path);
  if (state === "held") forceRelease(path, generation);
}

// A holder whose lock is taken from it at any moment, as when it slept past its lease: what others saved meanwhile stays.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { forceRelease, lockPath, readLock } from "../../coordination/index.ts";
import { found, remove, save, told, withStore, workspaceWith } from "./saved.ts";

/** What `lock release --force` does, if somebody holds the lock. */
function takeAway(): void {
  const path = lockPath("/w/.holdfast/locks", "data");
  const { state, generation } = readLock(path);
  if (state === "held") forceRelease(path, generation);
}

const other = async () => {
  takeAway();
  await save("two");
};
const scenario = { setup: () => workspaceWith("one"), mayFail: ["sleeper"] };

export const deleter = race({
  ...scenario,
  processes: { sleeper: () => remove(), other },
  check: async () => {
    const texts = await withStore(async (store) => {
      await store.settlePending();
      return [...(await found(store)).values()].join();
    });
    if (told("saved 2 two") && !told("deleted 1,2")) assert.match(texts, /two/);
  },
});

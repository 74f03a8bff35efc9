// A holder that is held up inside its body, before its first look whether it still holds the lock, until another has taken
// the lock over and saved: it is told LOCK_LOST, and what the other left stays.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { race } from "holdfast/explorer";
import { isHoldfastError } from "../../errors.ts";
import { openWorkspaceRecord } from "../index.ts";
import { renameArtifact } from "../rename-artifact.ts";
import { Store } from "../store.ts";
import { takeAway } from "./forced-release.ts";
import { FOLDER, lines, NAME, save, tell, told, withStore, workspaceWith } from "./saved.ts";

const INSIDE = "inside";
const LOOKS_EVERY_MS = 20;

async function until(what: string): Promise<void> {
  while (!told(what)) await sleep(LOOKS_EVERY_MS);
}

/** Each body begins when the other has saved. */
class HeldUpStore extends Store {
  override exclusively: Store["exclusively"] = (collections, wait, body) =>
    super.exclusively(collections, wait, async (fence) => {
      tell(INSIDE);
      await until("saved 2 two");
      return body(fence);
    });
}

/** `late` comes too late, and has changed nothing. */
function scenario(late: (store: Store) => Promise<unknown>) {
  return race({
    setup: () => workspaceWith("one"),
    processes: {
      sleeper: async () => {
        const { layout, identity } = openWorkspaceRecord(FOLDER);
        using store = new HeldUpStore(layout, identity);
        await assert.rejects(late(store), (error) => isHoldfastError(error, "LOCK_LOST"));
      },
      other: async () => {
        await until(INSIDE);
        takeAway();
        await save("two");
      },
    },
    check: async () => {
      const left = await withStore(async (store) => {
        await store.settlePending();
        return await lines(store);
      });
      assert.deepEqual(left, ["1 one", "2 two"]);
    },
  });
}
export const saver = scenario((store) => store.put(NAME, "late"));
export const deleter = scenario((store) => store.delete(NAME));
export const renamer = scenario((store) => renameArtifact(store, NAME, "moved"));

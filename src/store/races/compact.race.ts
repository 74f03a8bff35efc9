// Identical contents come to share their bytes, and that is killed at any effect, or somebody reads or deletes beside it:
// contents are whole at every moment.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { race } from "holdfast/explorer";
import { openVersion } from "../../workspace/read-version.ts";
import { compact } from "../compact.ts";
import { Layout } from "../layout.ts";
import { FOLDER, goesOn, lines, NAME, save, tell, told, withStore, workspaceWith } from "./saved.ts";
import { withUnlockedStore } from "./unlocked-store.ts";

const OTHER = "other";

async function setup(): Promise<void> {
  await workspaceWith("same");
  // Files of one time pass for clones.
  await sleep(1);
  await save("same", OTHER);
}

async function share(use: typeof withStore = withStore): Promise<void> {
  const { contents } = await use((store) => compact(store));
  tell(`shared ${contents}`);
}

/** Both, as they are. */
function left(): Promise<[string[], string[]]> {
  return withStore(async (store) => {
    await store.settlePending();
    return [await lines(store), await lines(store, OTHER)];
  });
}

const cutOff = {
  setup,
  processes: { sharer: () => share() },
  check: async () => {
    assert.ok(!told("shared 0"));
    assert.deepEqual(await left(), [["1 same"], ["1 same"]]);
    await goesOn(1);
  },
  restart: "never",
} as const;
export const killed = race({ ...cutOff, crashes: 1 });
export const powerLoss = race({
  ...cutOff,
  processes: { sharer: () => share(withUnlockedStore) },
  powerLoss: true,
});

export const besideReader = race({
  setup,
  processes: {
    sharer: () => share(),
    reader: async () => {
      for (const name of [NAME, OTHER]) {
        let text = "";
        for await (const piece of openVersion(new Layout(FOLDER), name).content) text += Buffer.from(piece);
        assert.equal(text, "same");
      }
    },
  },
  check: async () => {
    assert.ok(told("shared 1"));
    assert.deepEqual(await left(), [["1 same"], ["1 same"]]);
  },
});

const besideDeleter = {
  setup,
  processes: {
    sharer: () => share(),
    deleter: async () => {
      await withStore((store) => store.delete(OTHER));
      tell("deleted");
    },
  },
  check: async () => {
    const [here, other] = await left();
    assert.deepEqual(here, ["1 same"]);
    if (told("deleted")) assert.deepEqual(other, []);
    else assert.ok(other.length === 0 || other[0] === "1 same");
    await goesOn(1);
  },
} as const;
export const deleter = race(besideDeleter);
export const deleterKilled = race({ ...besideDeleter, crashes: 1, restart: "never" });

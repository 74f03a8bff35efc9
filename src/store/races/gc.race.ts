// gc, killed at any effect or with a writer beside it: what retention lets go goes, and an artifact's only version never does.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { collectGarbage } from "../collect-garbage.ts";
import { retentionTags } from "../retention.ts";
import { goesOn, lines, NAME, remove, save, tell, told, withStore, workspaceWith } from "./saved.ts";
import { withUnlockedStore } from "./unlocked-store.ts";

/** Two versions, of which one is to be kept: later ones take the rule over. */
async function setup(): Promise<void> {
  await workspaceWith();
  const tags = retentionTags(undefined, { keep: 1 }) ?? {};
  await withStore((store) => store.put(NAME, "one", { tags }));
  await save("two");
}

async function collect(use: typeof withStore = withStore): Promise<void> {
  const { removed } = await use((store) => collectGarbage(store));
  tell(`removed ${removed.map(({ version }) => version).join()}`);
}

/** What is there once whatever was written down has been carried out. */
function settled(): Promise<string[]> {
  return withStore(async (store) => {
    await store.settlePending();
    return await lines(store);
  });
}

const cutOff = {
  setup,
  processes: { collector: () => collect() },
  check: async () => {
    const left = await settled();
    assert.equal(left.at(-1), "2 two");
    if (told("removed 1")) assert.deepEqual(left, ["2 two"]);
    await goesOn(2);
  },
  restart: "never",
} as const;
export const killed = race({ ...cutOff, crashes: 1 });
export const powerLoss = race({
  ...cutOff,
  processes: { collector: () => collect(withUnlockedStore) },
  powerLoss: true,
});

/** Somebody died deleting the newest: it may be there still, and be as good as gone. */
export const afterDeleterDied = race({
  setup,
  processes: { deleter: () => remove(2) },
  check: async () => {
    await collect();
    const left = await settled();
    assert.equal(left.length, 1, `${left}`);
    assert.ok(left[0] === "1 one" || !told("deleted 2"), "what was acknowledged has happened");
  },
  crashes: 1,
  restart: "never",
});

const besideWriter = {
  setup,
  processes: { collector: () => collect(), writer: () => save("three") },
  check: async () => {
    const left = await settled();
    const isSaved = left.at(-1) === "3 three";
    assert.ok(isSaved || left.at(-1) === "2 two", `the newest is there: ${left}`);
    assert.ok(isSaved || !told("saved 3 three"), "what was acknowledged is there");
    if (told("removed 1,2")) assert.deepEqual(left, ["3 three"]);
    if (told("removed 1")) assert.ok(!left.includes("1 one") && left.includes("2 two"), `${left}`);
    await goesOn(isSaved ? 3 : 2);
  },
} as const;
export const writer = race(besideWriter);
export const writerKilled = race({ ...besideWriter, crashes: 1, restart: "never" });

// All of a collection is deleted, and that is killed at any effect, or somebody writes beside it: all goes or nothing, no
// version that was saved later goes with it, nobody fails, and numbers are never given again.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { DEFAULT_COLLECTION } from "../../entries/index.ts";
import { deleteCollection } from "../delete-collection.ts";
import { leftNothing, lines, NAME, save, tell, told, withStore, workspaceWith } from "./saved.ts";
import { withUnlockedStore } from "./unlocked-store.ts";

const OTHER = "other";

/** The texts of others, one artifact at the most. */
async function setup(others: readonly string[] = ["else"]): Promise<void> {
  await workspaceWith("one");
  for (const text of others) await save(text, OTHER);
}

async function deleteAll(use: typeof withStore = withStore): Promise<void> {
  await use((store) => deleteCollection(store, DEFAULT_COLLECTION));
  tell("deleted all");
}

/** What is there after the next command, by artifact. */
function settled(): Promise<[string[], string[]]> {
  return withStore(async (store) => {
    // Of a delete that was written down; that nobody has died is not noted anywhere.
    await store.settlePending();
    return [await lines(store), await lines(store, OTHER)];
  });
}

/** The next of each gets a number that none ever had. */
async function goesOn(highest: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, above] of Object.entries(highest)) {
    const { version } = await withStore((store) => store.put(name, "next"));
    assert.ok(version > above, `version ${version} of ${name} is given, and ${above} was`);
  }
  leftNothing();
}

function cutOff(others: readonly string[]) {
  return {
    setup: () => setup(others),
    processes: { deleter: () => deleteAll() },
    check: async () => {
      const left = await settled();
      const isDeleted = left[0].length === 0;
      assert.deepEqual(left, isDeleted ? [[], []] : [["1 one"], others.map((text) => `1 ${text}`)]);
      assert.ok(isDeleted || !told("deleted all"), "what was acknowledged has happened");
      await goesOn({ [NAME]: 1, [OTHER]: others.length });
    },
    restart: "never",
  } as const;
}
export const killed = race({ ...cutOff(["else"]), crashes: 1 });

function losingPower(others: readonly string[]) {
  const deleter = () => deleteAll(withUnlockedStore);
  return race({ ...cutOff(others), processes: { deleter }, powerLoss: true });
}
/** Of one artifact: all that is removed may be lost or not, each by itself. */
export const powerLoss = losingPower([]);
export const powerLossOfTwo = losingPower(["else"]);

const besideWriter = {
  setup: () => setup(),
  processes: { deleter: () => deleteAll(), writer: () => save("two") },
  check: async () => {
    const [here, other] = await settled();
    const isSaved = here.includes("2 two");
    const isDeleted = other.length === 0;
    assert.ok(isDeleted || !told("deleted all"), "what was acknowledged has happened");
    assert.deepEqual(
      here.filter((line) => line !== "2 two"),
      isDeleted ? [] : ["1 one"],
    );
    // Saved before, it goes with the others.
    assert.ok(isSaved || isDeleted || !told("saved 2 two"), "what was acknowledged is there");
    await goesOn({ [NAME]: isSaved || told("saved 2 two") ? 2 : 1, [OTHER]: 1 });
  },
} as const;
export const writer = race(besideWriter);
export const writerKilled = race({ ...besideWriter, crashes: 1, restart: "never" });

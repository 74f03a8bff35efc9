// All of a collection is deleted, and that is killed at any effect, or somebody writes beside it: all goes or nothing, no
// version that was saved later goes with it, nobody fails, and numbers are never given again.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { DEFAULT_COLLECTION } from "../../entries/index.ts";
import { deleteCollection } from "../delete-collection.ts";
import { leftNothing, lines, NAME, save, tell, told, withStore, workspaceWith } from "./saved.ts";

const OTHER = "other";

async function setup(): Promise<void> {
  await workspaceWith("one");
  await save("else", OTHER);
}

async function deleteAll(): Promise<void> {
  await withStore((store) => deleteCollection(store, DEFAULT_COLLECTION));
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

async function goesOn(above: number): Promise<void> {
  for (const [name, highest] of [
    [NAME, above],
    [OTHER, 1],
  ] as const) {
    const { version } = await withStore((store) => store.put(name, "next"));
    assert.ok(version > highest, `version ${version} of ${name} is given, and ${highest} was`);
  }
  leftNothing();
}

export const killed = race({
  setup,
  processes: { deleter: deleteAll },
  check: async () => {
    const left = await settled();
    const isDeleted = left[0].length === 0;
    assert.deepEqual(left, isDeleted ? [[], []] : [["1 one"], ["1 else"]]);
    assert.ok(isDeleted || !told("deleted all"), "what was acknowledged has happened");
    await goesOn(1);
  },
  crashes: 1,
  restart: "never",
});

const besideWriter = {
  setup,
  processes: { deleter: deleteAll, writer: () => save("two") },
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
    await goesOn(isSaved || told("saved 2 two") ? 2 : 1);
  },
} as const;
export const writer = race(besideWriter);
export const writerKilled = race({ ...besideWriter, crashes: 1, restart: "never" });

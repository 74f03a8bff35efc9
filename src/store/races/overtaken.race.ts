// A holder whose lock is taken from it at any moment, as when it slept past its lease: what others saved meanwhile stays.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { takeAway } from "./forced-release.ts";
import { found, remove, save, told, toldOf, withStore, workspaceWith } from "./saved.ts";

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

/** While the sleeper saves, others save under the number that it was given, and delete that. */
const saverOf = (late: string) => ({
  ...scenario,
  processes: {
    sleeper: () => save(late),
    other: async () => {
      takeAway();
      await save("two");
      await remove();
    },
  },
  check: async () => {
    const texts = [...(await withStore(found))].map(([version, text]) => `${version} ${text}`);
    if (told("saved 2 two") && toldOf(2, late)) assert.fail("a number was given twice");
    if (toldOf(3, late)) assert.ok(told("deleted 1,2,3") || texts.includes(`3 ${late}`), `${texts}`);
    if (toldOf(2, late)) assert.ok(told("deleted 1,2,3") || texts.includes(`2 ${late}`), `${texts}`);
  },
});
export const saver = race(saverOf("late"));
/** Too large for the journal. */
export const largeSaver = race(saverOf("late".repeat(50_000)));

/** While the sleeper saves, others have the journal emptied, and change nothing of what it saves. */
export const besideCheckpoint = race({
  setup: async () => {
    await workspaceWith("one");
    await save("one", "other");
  },
  mayFail: ["sleeper"],
  processes: {
    sleeper: () => save("late"),
    other: async () => {
      takeAway();
      await withStore((store) => store.delete("other"));
    },
  },
  check: async () => {
    const texts = [...(await withStore(found)).values()];
    if (toldOf(2, "late")) assert.deepEqual(texts, ["one", "late"]);
  },
});

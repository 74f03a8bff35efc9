// What stands only in the journal, and what comes after it: another save, one too large for the journal, a delete. Cut off at
// any effect by a power loss or a kill, each has happened whole or not at all, and what was acknowledged has.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { found, goesOn, remove, save, told, toldOf, withStore, workspaceWith } from "./saved.ts";

const LARGE = "new".repeat(50_000);

/** `older` goes into the journal; then `next` happens. */
function afterASave(next: () => Promise<void>, check: (texts: readonly string[]) => void) {
  return {
    setup: () => workspaceWith("old"),
    processes: {
      writer: async () => {
        await save("older");
        await next();
      },
    },
    check: async () => {
      const texts = await withStore(async (store) => {
        await store.settlePending();
        return [...(await found(store)).values()];
      });
      check(texts);
      await goesOn(Math.max(texts.length, toldOf(2, "older") ? 2 : 1));
    },
    restart: "never",
  } as const;
}

const savedAgain = (text: string) =>
  afterASave(
    () => save(text),
    (texts) => {
      assert.deepEqual(texts, ["old", "older", text].slice(0, texts.length));
      assert.ok(texts.length >= (toldOf(3, text) ? 3 : toldOf(2, "older") ? 2 : 1), "what was acknowledged is there");
    },
  );

export const thenSavedKilled = race({ ...savedAgain("new"), crashes: 1 });
export const thenSavedPowerLoss = race({ ...savedAgain("new"), powerLoss: true });
export const thenLargePowerLoss = race({ ...savedAgain(LARGE), powerLoss: true });

/** What stays stands only in the journal. */
const deleted = afterASave(
  () => remove(1),
  (texts) => {
    const isSaved = texts.includes("older");
    assert.ok(isSaved || !toldOf(2, "older"), "what was acknowledged is there");
    assert.ok(!texts.includes("old") || !told("deleted 1"), "what was deleted stays so");
    assert.ok(texts.includes("old") || isSaved, "only one was deleted");
  },
);
export const thenDeletedKilled = race({ ...deleted, crashes: 1 });
export const thenDeletedPowerLoss = race({ ...deleted, powerLoss: true });

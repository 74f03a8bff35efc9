// A save that is cut off at any effect, by a kill or by a power loss: afterwards its version is there whole or not there at
// all, and what was acknowledged is there.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { found, goesOn, save, told, withStore, workspaceWith } from "./saved.ts";

function scenario(...before: readonly string[]) {
  return {
    setup: () => workspaceWith(...before),
    processes: { writer: () => save("new") },
    check: async () => {
      const texts = [...(await withStore(found)).values()];
      const isSaved = texts.includes("new");
      assert.deepEqual(texts, isSaved ? [...before, "new"] : before);
      assert.ok(isSaved || !told(`saved ${before.length + 1} new`), "what was acknowledged is there");
      await goesOn(texts.length);
    },
    restart: "never",
  } as const;
}

const next = scenario("old");
export const killed = race({ ...next, crashes: 1 });
export const powerLoss = race({ ...next, powerLoss: true });

/** The first of all: every folder is made on the way. */
const first = scenario();
export const firstKilled = race({ ...first, crashes: 1 });
export const firstPowerLoss = race({ ...first, powerLoss: true });

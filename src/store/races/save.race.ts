// A save that is cut off at any effect, by a kill or by a power loss: afterwards its version is there whole or not there at
// all, and what was acknowledged is there.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { found, goesOn, save, toldOf, withStore, workspaceWith } from "./saved.ts";

function scenario(before: readonly string[], text = "new") {
  return {
    setup: () => workspaceWith(...before),
    processes: { writer: () => save(text) },
    check: async () => {
      const texts = [...(await withStore(found)).values()];
      const isSaved = texts.includes(text);
      assert.deepEqual(texts, isSaved ? [...before, text] : before);
      assert.ok(isSaved || !toldOf(before.length + 1, text), "what was acknowledged is there");
      await goesOn(texts.length);
    },
    restart: "never",
  } as const;
}

const next = scenario(["old"]);
export const killed = race({ ...next, crashes: 1 });
export const powerLoss = race({ ...next, powerLoss: true });

/** Too large for the journal: every file of it is flushed in its own place. */
const large = scenario(["old"], "new".repeat(50_000));
export const largeKilled = race({ ...large, crashes: 1 });
export const largePowerLoss = race({ ...large, powerLoss: true });

/** The first of all: every folder is made on the way. */
const first = scenario([]);
export const firstKilled = race({ ...first, crashes: 1 });
export const firstPowerLoss = race({ ...first, powerLoss: true });

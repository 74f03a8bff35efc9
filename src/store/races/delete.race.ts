// A delete that is cut off at any effect, by a kill or by a power loss: afterwards it has happened, whole, or not at all, and
// what was acknowledged has. Numbers are never given again.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { found, goesOn, remove, told, withStore, workspaceWith } from "./saved.ts";

function scenario(version: number | undefined, acknowledged: string, after: string) {
  return {
    setup: () => workspaceWith("one", "two", "three"),
    processes: { deleter: () => remove(version) },
    check: async () => {
      const { texts, isWrittenDown } = await withStore(async (store) => {
        // Whoever comes next finishes what was written down.
        await store.settlePending();
        const entries = await store.arrivals(0, 100);
        return {
          texts: [...(await found(store)).values()].join(),
          isWrittenDown: entries.some(({ entry }) => entry.kind === "delete"),
        };
      });
      assert.equal(texts, isWrittenDown ? after : "one,two,three");
      assert.ok(isWrittenDown || !told(acknowledged), "what was acknowledged has happened");
      await goesOn(3);
    },
    restart: "never",
  } as const;
}

const newest = scenario(3, "deleted 3", "one,two");
export const newestKilled = race({ ...newest, crashes: 1 });
export const newestPowerLoss = race({ ...newest, powerLoss: true });

const all = scenario(undefined, "deleted 1,2,3", "");
export const allKilled = race({ ...all, crashes: 1 });
export const allPowerLoss = race({ ...all, powerLoss: true });

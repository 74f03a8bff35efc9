// A delete that is cut off at any effect, by a kill or by a power loss: afterwards it has happened, whole, or not at all, and
// what was acknowledged has. Numbers are never given again.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { found, goesOn, remove, removeFrom, told, withStore, workspaceWith } from "./saved.ts";
import { withUnlockedStore } from "./unlocked-store.ts";

const THREE = ["one", "two", "three"];

function scenario(before: readonly string[], version: number | undefined, acknowledged: string, after: string) {
  return {
    setup: () => workspaceWith(...before),
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
      assert.equal(texts, isWrittenDown ? after : before.join());
      assert.ok(isWrittenDown || !told(acknowledged), "what was acknowledged has happened");
      await goesOn(before.length);
    },
    restart: "never",
  } as const;
}

const newest = scenario(THREE, 3, "deleted 3", "one,two");
export const newestKilled = race({ ...newest, crashes: 1 });
export const allKilled = race({ ...scenario(THREE, undefined, "deleted 1,2,3", ""), crashes: 1 });

/** Of as few versions as there can be: all that is removed may be lost or not, each by itself. */
function powerLoss(before: readonly string[], version: number | undefined, acknowledged: string, after: string) {
  const deleter = () => removeFrom(withUnlockedStore, version);
  return race({
    ...scenario(before, version, acknowledged, after),
    processes: { deleter },
    powerLoss: true,
  });
}
export const newestPowerLoss = powerLoss(["one", "two"], 2, "deleted 2", "one");
export const allPowerLoss = powerLoss(["one"], undefined, "deleted 1", "");
/** With what its lock leaves. */
export const newestPowerLossLocked = race({ ...newest, powerLoss: true });
export const allPowerLossLocked = race({ ...scenario(["one"], undefined, "deleted 1", ""), powerLoss: true });

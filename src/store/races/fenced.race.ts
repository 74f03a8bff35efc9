// A holder that is held up inside its body, before its first look whether it still holds the lock, until another has taken
// the lock over and saved: it is told LOCK_LOST, and what the other left stays.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { race } from "holdfast/explorer";
import { type Fence, StructuralLock, type StructuralLockOptions } from "../../coordination/index.ts";
import { isHoldfastError } from "../../errors.ts";
import { renameArtifact } from "../rename-artifact.ts";
import type { Store } from "../store.ts";
import { takeAway } from "./forced-release.ts";
import { lines, NAME, save, tell, told, withStore, workspaceWith } from "./saved.ts";

const INSIDE = "inside";
const LOOKS_EVERY_MS = 20;

async function until(what: string): Promise<void> {
  while (!told(what)) await sleep(LOOKS_EVERY_MS);
}

/** Holds this process up in each body under a lock, until `held` is over. */
function holdUp(held: () => Promise<void>, leaseMs?: number): void {
  const { withCollections } = StructuralLock.prototype;
  StructuralLock.prototype.withCollections = function <T>(
    this: StructuralLock,
    names: Iterable<string>,
    options: StructuralLockOptions,
    body: (fence: Fence) => Promise<T> | T,
  ): Promise<T> {
    const lease = leaseMs === undefined ? {} : { leaseMs };
    const work = withCollections<T>;
    return work.call(this, names, { ...options, ...lease }, async (fence) => {
      tell(INSIDE);
      await held();
      return body(fence);
    });
  };
}

/** `late` comes too late, and has changed nothing. */
function scenario(late: (store: Store) => Promise<unknown>) {
  return race({
    setup: () => workspaceWith("one"),
    processes: {
      sleeper: async () => {
        holdUp(() => until("saved 2 two"));
        await withStore((store) => assert.rejects(late(store), (error) => isHoldfastError(error, "LOCK_LOST")));
      },
      other: async () => {
        await until(INSIDE);
        takeAway();
        await save("two");
      },
    },
    check: async () => {
      const left = await withStore(async (store) => {
        await store.settlePending();
        return await lines(store);
      });
      assert.deepEqual(left, ["1 one", "2 two"]);
    },
  });
}
export const saver = scenario((store) => store.put(NAME, "late"));
export const deleter = scenario((store) => store.delete(NAME));
export const renamer = scenario((store) => renameArtifact(store, NAME, "moved"));

const LEASE_MS = 1_000;

/** On another host than the one before: its pid means nothing there, only its silence. */
function moveToAnotherHost(): void {
  mkdirSync("/etc", { recursive: true });
  writeFileSync("/etc/machine-id", "another");
}

/** The sleeper stands still for longer than its lease, at any step, and is on another host than who takes its lock over. */
export const leaseRunOut = race({
  setup: () => workspaceWith("one"),
  processes: {
    sleeper: async () => {
      holdUp(() => sleep(LOOKS_EVERY_MS), LEASE_MS);
      await save("late");
    },
    other: async () => {
      while (!told(INSIDE)) await sleep(LEASE_MS);
      moveToAnotherHost();
      await save("two");
    },
  },
  check: async () => {
    const left = await withStore(async (store) => {
      await store.settlePending();
      return await lines(store);
    });
    for (const newest of ["2 two", "3 two"]) if (told(`saved ${newest}`)) assert.equal(left.at(-1), newest);
  },
  // One that stands still in the midst of a transaction keeps everybody else from the catalog.
  mayFail: true,
  stalls: 1,
});

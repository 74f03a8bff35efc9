// The lock, where it has to be looked at for longer. The rest: lock.test.ts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isHoldfastError } from "../errors.ts";
import { acquireLock } from "./index.ts";
import { LockProcess, TempDir } from "./testing/processes.ts";

function code(expected: string): (error: unknown) => boolean {
  return (error) => isHoldfastError(error) && error.code === expected;
}

test("STORE-10 a live owner on another host is not robbed, whatever lives or not under its pid here", async () => {
  using dir = new TempDir();
  await using holder = new LockProcess("hold", dir.at("lock"), { leaseMs: 300, machineId: "another" });
  await holder.event("held");
  await assert.rejects(acquireLock(dir.at("lock"), { timeoutMs: 1500, leaseMs: 300 }), code("LOCK_TIMEOUT"));
  holder.say("check");
  await holder.event("ok");
});

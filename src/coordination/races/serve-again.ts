// A service that is the only one to use its lock: whoever holds it is the service itself, or dead.

import assert from "node:assert/strict";
import { tryAcquireLock } from "../lock.ts";

export async function serveAgain(): Promise<void> {
  const lock = tryAcquireLock("/lock");
  if ("sinceMs" in lock) assert.notEqual(lock.pid, process.pid, "whoever left it locked is dead");
  else await lock.release();
}

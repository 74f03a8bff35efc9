// A holder may be killed at any step; another tries the lock meanwhile: never two inside.

import { rmdirSync } from "node:fs";
import { race } from "holdfast/explorer";
import { tryAcquireLock } from "../lock.ts";
import { goInside } from "./inside.ts";

async function enter(): Promise<void> {
  const lock = tryAcquireLock("/lock");
  if ("sinceMs" in lock) return;
  // What a dead holder left inside is for its successor to clear away.
  if (lock.generation > 1) clear();
  goInside();
  await lock.release();
}

function clear(): void {
  try {
    rmdirSync("/inside");
  } catch {
    // It had left, or had not got so far.
  }
}

export default race({ crashes: 1, restart: "never", processes: { a: enter, b: enter } });

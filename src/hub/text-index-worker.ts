// The thread that indexes. Woken by a message; goes on slice by slice until nothing is left, then sleeps.

import { constants, setPriority } from "node:os";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { assert, isHoldfastError } from "../errors.ts";
import { sqliteFailure } from "./sqlite-database.ts";
import { TextIndexer } from "./text-indexer.ts";

/** Entries in one slice: each slice is one transaction of the index. */
const SLICE_ENTRIES = 128;
/** While entries keep coming, slices are this far apart, ms: a folder that is being filled goes before its index. One slice
 *  each time still keeps up with hundreds of saves a second. */
const YIELD_MS = 150;
/** Entries have stopped coming when none came for so long, ms. */
const QUIET_MS = 400;
/** Between two tries while the disk is full, ms. */
const RETRY_MS = 500;

assert(parentPort !== null, "text-index-worker.ts runs as a worker");
giveWay();
const port = parentPort;
const indexer = new TextIndexer(String((workerData as { dir: string }).dir));
let woken = false;
let running = false;
let wokenAt = Number.NEGATIVE_INFINITY;

port.on("message", (message) => {
  if (message === "close") {
    indexer.close();
    process.exit();
  }
  woken = true;
  wokenAt = performance.now();
  if (!running) void run();
});

/** What is being synced goes before what is being searched. On Linux a priority is one thread's; elsewhere it would be the
 *  whole process's, so there it is left alone. */
function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not allowed here: then both share alike.
  }
}

async function run(): Promise<void> {
  running = true;
  while (woken) {
    woken = false;
    try {
      for (let count = indexer.indexNext(SLICE_ENTRIES); count > 0; count = indexer.indexNext(SLICE_ENTRIES)) {
        await nextTurn(); // in which the message of newer entries is heard
        const isFilling = count === SLICE_ENTRIES && performance.now() - wokenAt < QUIET_MS;
        if (isFilling) await delay(YIELD_MS);
      }
    } catch (error) {
      // Damage is cured by making the index anew, which is for the hub to do. All else (a full disk) may pass by itself.
      if (isDamage(error)) throw error;
      woken = true;
      await delay(RETRY_MS);
    }
  }
  running = false;
}

function isDamage(error: unknown): boolean {
  const failure = sqliteFailure(error, "index.db");
  return isHoldfastError(failure, "CORRUPT") || !isHoldfastError(failure);
}

// The thread that indexes. Woken by a message; goes on slice by slice until nothing is left, then sleeps.

import { setImmediate as nextTurn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../errors.ts";
import { TextIndexer } from "./text-indexer.ts";

/** Entries in one slice: each slice is one transaction of the index. */
const SLICE_ENTRIES = 128;

assert(parentPort !== null, "text-index-worker.ts runs as a worker");
const port = parentPort;
const indexer = new TextIndexer(String((workerData as { dir: string }).dir));
let woken = false;
let running = false;

port.on("message", (message) => {
  if (message === "close") {
    port.close();
    indexer.close();
    return;
  }
  woken = true;
  if (!running) void run();
});

async function run(): Promise<void> {
  running = true;
  while (woken) {
    woken = false;
    while (indexer.indexNext(SLICE_ENTRIES) > 0) await nextTurn();
  }
  running = false;
}

// One process of the contended figure: says that it is ready, and at a word takes the lock, holds it, and gives it back.

import { setTimeout as pause } from "node:timers/promises";
import { ACQUIRE } from "./peers.ts";

const [kind = "", path = "", holdMs = "0"] = process.argv.slice(2);
const acquire = ACQUIRE[kind];
if (acquire === undefined) throw new Error(`no lock is called ${kind}`);

process.stdin.once("data", async () => {
  const release = await acquire(path);
  await pause(Number(holdMs));
  await release();
  process.stdout.write("done\n", () => process.exit());
});
process.stdout.write("ready\n");

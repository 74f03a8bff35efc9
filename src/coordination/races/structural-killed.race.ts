// A writer of a collection and structural work on the whole store, either of which may be killed at any step: never are two
// that live inside.

import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { race } from "holdfast/explorer";
import { StructuralLock } from "../structural-lock.ts";

/** Goes in and out again, past what the dead left behind. */
function goInside(): void {
  mkdirSync(`/inside/${process.pid}`);
  for (const name of readdirSync("/inside")) {
    if (Number(name) !== process.pid && lives(Number(name))) throw new Error(`${name} is inside as well`);
  }
  rmdirSync(`/inside/${process.pid}`);
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export default race({
  setup: () => {
    mkdirSync("/locks");
    mkdirSync("/inside");
  },
  crashes: 1,
  restart: "never",
  processes: {
    writer: () => new StructuralLock("/locks").withCollections(["c"], {}, goInside),
    deleter: () => new StructuralLock("/locks").alone({}, goInside),
  },
});

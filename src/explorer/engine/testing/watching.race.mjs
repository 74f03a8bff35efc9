// Two take turns at a name. Who finds it taken waits for a notice and for a while at once: what comes first calls the other off.

import { watch } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { race } from "holdfast/explorer";

const LOOK_AGAIN_MS = 40;

function change() {
  return new Promise((resolve) => {
    const done = () => {
      watcher.close();
      clearTimeout(timer);
      resolve(undefined);
    };
    const watcher = watch("/d", done);
    const timer = setTimeout(done, LOOK_AGAIN_MS);
  });
}

async function enter() {
  for (;;) {
    try {
      await mkdir("/d/taken");
      return await rmdir("/d/taken");
    } catch {
      await change();
    }
  }
}

export default race({ setup: () => mkdir("/d"), processes: { a: enter, b: enter } });

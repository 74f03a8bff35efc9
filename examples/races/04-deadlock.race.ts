// Money goes from one account to another: both are locked first, and opposite orders wait for each other for ever.
//
// A lock is a folder, as it can be made only once; who finds it made waits until something changes beside it.

import { watch } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { race } from "holdfast/explorer";

async function lock(account: string): Promise<void> {
  for (;;) {
    const watcher = watch("/locks");
    try {
      // Who looks first and watches then may miss the change in between, and waits for ever, too.
      const changed = new Promise((resolve) => watcher.once("change", resolve));
      if (await make(`/locks/${account}`)) return;
      await changed;
    } finally {
      watcher.close();
    }
  }
}

async function make(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function transfer(from: string, to: string): Promise<void> {
  await lock(from);
  await lock(to);
  // Here the money would go from one to the other.
  await rmdir(`/locks/${to}`);
  await rmdir(`/locks/${from}`);
}

const setup = () => mkdir("/locks");

export default race({
  setup,
  processes: { a: () => transfer("mine", "yours"), b: () => transfer("yours", "mine") },
});

/** Everybody takes them in the same order, whichever way the money goes. */
export const fixed = race({
  setup,
  processes: { a: () => transfer("mine", "yours"), b: () => transfer("mine", "yours") },
});

/** The right order does not help against a holder that dies: its locks are left behind, and nobody takes them away. */
export const leftBehind = race({
  setup,
  processes: { a: () => transfer("mine", "yours"), b: () => transfer("mine", "yours") },
  crashes: 1,
  restart: "never",
});

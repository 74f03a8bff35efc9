// Programs that are killed, or lose power, in the middle of what they do.

import assert from "node:assert/strict";
import { mkdir, open, readdir, readFile, rename, rmdir, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { race } from "holdfast/explorer";

const text = (name: string): Promise<string> => readFile(name, "utf8");
const oldOrNew = async (): Promise<void> => {
  const found = await text("/state");
  assert.ok(found === "old" || found === "new", `it is neither old nor new: ${JSON.stringify(found)}`);
};

/** Written in place: a kill in the middle leaves it empty. */
export const torn = race({
  setup: () => writeFile("/state", "old"),
  processes: { a: () => writeFile("/state", "new") },
  check: oldOrNew,
  crashes: 1,
});
/** Written beside and renamed: whole at every moment, as long as the power stays. */
export const whole = race({
  setup: () => writeFile("/state", "old"),
  processes: {
    a: async () => {
      await writeFile("/state.new", "new");
      await rename("/state.new", "/state");
    },
  },
  check: oldOrNew,
});

async function flushed(name: string, content: string): Promise<void> {
  const file = await open(name, "w");
  await file.writeFile(content);
  await file.sync();
  await file.close();
}
async function flushedFolder(name: string): Promise<void> {
  const folder = await open(name);
  await folder.sync();
  await folder.close();
}
/** Contents are flushed before the name is there. */
export const flushedFile = race({
  setup: () => writeFile("/state", "old"),
  processes: {
    a: async () => {
      await flushed("/state.new", "new");
      await rename("/state.new", "/state");
    },
  },
  check: oldOrNew,
  powerLoss: true,
});
/** Whoever is told "done" may rely on it: the note is another process's, and is there only when the state is. */
const durable = (flushName: boolean) => ({
  setup: async () => {
    await writeFile("/state", "old");
    await mkdir("/notes");
  },
  processes: {
    a: async () => {
      await flushed("/state.new", "new");
      await rename("/state.new", "/state");
      if (flushName) await flushedFolder("/");
      await flushed("/notes/done", "");
      await flushedFolder("/notes");
    },
  },
  check: async () => {
    const done = (await readdir("/notes")).includes("done");
    if (done) assert.equal(await text("/state"), "new", "it was said to be done, and is not");
    await oldOrNew();
  },
  powerLoss: true,
});
export const renameNotFlushed = race(durable(false));
export const renameFlushed = race(durable(true));

/** Taken, worked, given back. Whoever is killed inside leaves it. */
async function locked(): Promise<void> {
  for (;;) {
    try {
      await mkdir("/lock");
      break;
    } catch {
      await wait(1000);
    }
  }
  await writeFile("/work", "");
  await rmdir("/lock");
}
export const lockLeft = race({ processes: { a: locked, b: locked }, crashes: 1 });

/** Counts how often it was started. */
export const started = race({
  setup: () => writeFile("/starts", ""),
  processes: { a: () => writeFile("/starts", "x", { flag: "a" }) },
  check: async () => assert.ok((await text("/starts")).length <= 1, "it has run twice"),
  crashes: 1,
});
/** Right only if whoever is killed is started again. */
export const needsRestart = race({
  processes: { a: () => writeFile("/done", "") },
  check: async () => assert.ok((await readdir("/")).includes("done"), "nobody has done it"),
  crashes: 1,
});
/** More unflushed than all parts of which can be tried. */
export const muchUnflushed = race({
  setup: () => undefined,
  processes: { a: () => Promise.all([..."1234567890abcdef"].map((name) => mkdir(`/${name}`))) },
  powerLoss: true,
  restart: "never",
  budget: 50,
});

// Small scenarios without a fault, whose interleavings can all be counted.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, rmdir, unlink, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { race } from "holdfast/explorer";

const none = (): undefined => undefined;

/** Nothing of it meets: one run stands for all orders. */
export const apart = race({
  setup: () => Promise.all(["/a", "/b"].map((name) => mkdir(name))),
  processes: {
    a: async () => {
      await mkdir("/a/1");
      await mkdir("/a/2");
    },
    b: async () => {
      await mkdir("/b/1");
      await mkdir("/b/2");
    },
  },
});
export const sameName = race({
  processes: { a: () => mkdir("/x").catch(none), b: () => mkdir("/x").catch(none), c: () => mkdir("/x").catch(none) },
});
const tryLock = async (name: string): Promise<void> => {
  try {
    await mkdir("/lock");
  } catch {
    return;
  }
  await writeFile("/work", name);
  await rmdir("/lock");
};
/** Whoever finds the lock taken goes away. */
export const lockOrLeave = race({ processes: { a: () => tryLock("a"), b: () => tryLock("b") } });

async function withdraw(amount: number, me: string): Promise<void> {
  for (;;) {
    try {
      await link(`/token`, "/lock");
      break;
    } catch {
      await wait(1000);
    }
  }
  const balance = Number(await readFile("/balance", "utf8"));
  await writeFile(`/balance.${me}`, String(balance - amount));
  await rename(`/balance.${me}`, "/balance");
  await unlink("/lock");
}
/** The corrected withdrawal: reads and writes under a lock, and writes whole files. */
export const corrected = race({
  setup: () => Promise.all([writeFile("/balance", "100"), writeFile("/token", "")]),
  processes: { a: () => withdraw(30, "a"), b: () => withdraw(30, "b") },
  check: async () => assert.equal(await readFile("/balance", "utf8"), "40"),
});

/** Several things under way at once in one process. */
export const together = race({
  processes: {
    a: () => Promise.all([mkdir("/x").catch(none), mkdir("/y").catch(none), readdir("/")]),
    b: () => mkdir("/z").catch(none),
  },
});
export const togetherMeeting = race({
  processes: {
    a: async () => {
      await Promise.all([mkdir("/x").catch(none), rm("/x", { recursive: true, force: true })]);
    },
    b: () => rmdir("/x").catch(none),
  },
});
export const timers = race({
  processes: {
    a: async () => {
      await wait(10);
      await mkdir("/x").catch(none);
    },
    b: async () => {
      await wait(20);
      await mkdir("/x").catch(none);
    },
  },
});
export const cancelled = race({
  processes: {
    a: () => {
      const timer = setTimeout(() => void mkdir("/x"), 10);
      void mkdir("/y").then(() => clearTimeout(timer));
    },
    b: () => readdir("/"),
  },
});
export const immediates = race({
  processes: {
    a: async () => {
      setImmediate(() => void mkdir("/x").catch(none));
      await mkdir("/y");
    },
    b: () => mkdir("/x").catch(none),
  },
});
export const syncApart = race({
  processes: {
    a: () => {
      mkdirSync("/a");
      mkdirSync("/aa");
    },
    b: () => {
      mkdirSync("/b");
      mkdirSync("/bb");
    },
  },
});
const trySync = (name: string): void => {
  try {
    mkdirSync("/lock");
  } catch {
    return;
  }
  writeFileSync("/work", name);
  rmdirSync("/lock");
};
export const syncLockOrLeave = race({ processes: { a: () => trySync("a"), b: () => trySync("b") } });
/** Standing still in one call, with another under way. */
export const syncAndLater = race({
  processes: {
    a: () => {
      void mkdir("/x").catch(none);
      existsSync("/y");
    },
    b: () => {
      existsSync("/x");
      mkdirSync("/y");
    },
  },
});
/** To be explored with crashes and stalls. */
export const crashing = race({
  processes: {
    a: () => mkdir("/x").catch(none),
    b: async () => {
      await mkdir("/x").catch(none);
      await mkdir("/y").catch(none);
    },
  },
});
export const syncCrashing = race({
  processes: {
    a: () => void existsSync("/y"),
    b: () => {
      writeFileSync("/y", "b");
    },
  },
});
/** To be explored with a power loss. */
export const unflushed = race({
  processes: {
    a: async () => {
      const file = await open("/x", "w");
      await file.write("a");
      await file.close();
    },
  },
});

const four = (folder: string) => async (): Promise<void> => {
  for (const name of ["1", "2", "3", "4"]) await mkdir(`${folder}/${name}`);
};
const folders = ["/a", "/b", "/c", "/d"];
const makeFolders = () => Promise.all(folders.map((name) => mkdir(name)));
/** Four effects each, in folders of their own. */
export const threeOfFour = race({
  setup: makeFolders,
  processes: { a: four("/a"), b: four("/b"), c: four("/c") },
});
export const fourOfFour = race({
  setup: makeFolders,
  processes: { a: four("/a"), b: four("/b"), c: four("/c"), d: four("/d") },
});
const tasks = (processes: number, own: boolean) =>
  Object.fromEntries(
    Array.from({ length: processes }, (_, at) => [
      `p${at}`,
      async () => {
        for (let step = 0; step < 4; step++) await mkdir(own ? `/${at}-${step}` : `/${step}-${at}`);
      },
    ]),
  );
/** In one folder: entries put into it do not meet. */
export const threeInOne = race({ processes: tasks(3, true) });
export const fourInOne = race({ processes: tasks(4, true) });
/** What fails takes with it what else is under way in its process. */
export const failing = race({
  processes: {
    a: () => Promise.all([mkdir("/x"), mkdir("/y"), readdir("/")]),
    b: () => mkdir("/x"),
  },
  mayFail: true,
});
export const cancelledByOthers = race({
  processes: {
    a: async () => {
      const timer = setTimeout(() => void mkdir("/late").catch(none), 10);
      if (await readdir("/").then((names) => names.includes("x"))) clearTimeout(timer);
    },
    b: async () => {
      await mkdir("/x").catch(none);
      await rmdir("/late").catch(none);
    },
  },
});
/** Waits that are longer than anybody is kept waiting. */
export const longTimers = race({
  processes: {
    a: async () => {
      await wait(500);
      await mkdir("/x").catch(none);
    },
    b: async () => {
      await wait(20);
      await mkdir("/x").catch(none);
      await mkdir("/y").catch(none);
    },
  },
});
/** One that fails while something of it is under way. */
export const failingEarly = race({
  processes: {
    a: async () => {
      await wait(120);
      await rmdir("/x").catch(none);
    },
    b: async () => {
      void mkdir("/x").catch(none);
      await wait(50);
      await rmdir("/missing");
    },
  },
  mayFail: true,
});
/** More orders that matter than can be tried in a test. */
export const large = race({
  processes: Object.fromEntries(
    ["a", "b", "c", "d"].map((me) => [
      me,
      async () => {
        for (const name of ["/1", "/2", "/3", "/4"]) {
          await mkdir(name).catch(none);
          await rmdir(name).catch(none);
        }
      },
    ]),
  ),
});

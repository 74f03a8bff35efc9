// A lock is a folder; whoever made it may have died, so one that is old is removed and made anew. Between the look and
// the removal another may have done both, and then it is a fresh lock that is removed.

import { mkdir, readdir, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

const STALE_MS = 10_000;
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Fails where another is in here as well. */
async function beAlone(): Promise<void> {
  await mkdir("/inside");
  await rmdir("/inside");
}

async function isOld(path: string): Promise<boolean> {
  return Date.now() - (await stat(path)).mtimeMs > STALE_MS;
}

/** @returns whether the lock is ours now */
async function takeFolder(): Promise<boolean> {
  try {
    await mkdir("/lock");
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  try {
    if (!(await isOld("/lock"))) return false;
    await rmdir("/lock");
    await mkdir("/lock");
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function enter(): Promise<void> {
  if (!(await takeFolder())) return;
  await beAlone();
  await rmdir("/lock");
}

export default race({
  setup: async () => {
    await mkdir("/lock");
    const aMinuteAgo = new Date(Date.now() - 60_000);
    await utimes("/lock", aMinuteAgo, aMinuteAgo);
  },
  processes: { a: enter, b: enter },
});

// Nothing is removed: holders are numbered, and the highest number is the lock. To take it over is to make the next
// number, which only one can; and a number that was given back says so, and never comes again.

/** @returns our number, if the lock is ours now */
async function takeNumber(): Promise<number | undefined> {
  const last = Math.max(...(await readdir("/numbers")).map(Number));
  const state = await stat(`/numbers/${last}`);
  const isFree = state.size > 0 || Date.now() - state.mtimeMs > STALE_MS;
  if (!isFree) return undefined;
  try {
    await writeFile(`/numbers/${last + 1}`, "", { flag: "wx" });
    return last + 1;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return undefined;
    throw error;
  }
}

async function enterByNumber(): Promise<void> {
  const number = await takeNumber();
  if (number === undefined) return;
  await beAlone();
  await writeFile(`/numbers/${number}`, "given back");
}

export const fixed = race({
  setup: async () => {
    await mkdir("/numbers");
    await writeFile("/numbers/1", "");
    const aMinuteAgo = new Date(Date.now() - 60_000);
    await utimes("/numbers/1", aMinuteAgo, aMinuteAgo);
  },
  processes: { a: enterByNumber, b: enterByNumber, c: enterByNumber },
});

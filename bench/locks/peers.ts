// The locks that Holdfast's is compared with, each as its users call it.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, unlinkSync } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { acquireLock } from "../../src/coordination/index.ts";

const require = createRequire(import.meta.url);

/** Takes a lock and returns what gives it back. */
export type Acquire = (path: string) => Promise<() => Promise<unknown>>;

interface ProperLockfile {
  lock(path: string, options: { realpath: boolean; retries: { forever: true } }): Promise<() => Promise<void>>;
}
interface Lockfile {
  lock(path: string, options: object, done: (error: Error | null) => void): void;
  unlock(path: string, done: (error: Error | null) => void): void;
}

const proper = require("proper-lockfile") as ProperLockfile;
const lockfile = require("lockfile") as Lockfile;
const [lockfileLock, lockfileUnlock] = [promisify(lockfile.lock), promisify(lockfile.unlock)];

export const ACQUIRE: Readonly<Record<string, Acquire>> = {
  holdfast: async (path) => {
    const lock = await acquireLock(path, { timeoutMs: 120_000 });
    return () => lock.release();
  },
  "proper-lockfile": (path) => proper.lock(path, { realpath: false, retries: { forever: true } }),
  lockfile: async (path) => {
    await lockfileLock(path, { wait: 120_000, pollPeriod: 10 });
    return () => lockfileUnlock(path);
  },
  "open(wx) + unlink, promises": async (path) => {
    await (await open(path, "wx")).close();
    return () => unlink(path);
  },
  "open(wx) + unlink, sync": async (path) => {
    closeSync(openSync(path, "wx"));
    return async () => unlinkSync(path);
  },
};

export const hasFlock = spawnSync("flock", ["--version"], { stdio: "ignore" }).status === 0;

// One hub per data folder. The lock decides; `hub.json` only tells people (and `holdfast status`) where the holder serves.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeldLock, tryAcquireLock } from "../coordination/index.ts";
import { HoldfastError, systemCode, toHoldfastError } from "../errors.ts";

/** What `hub.json` holds while a hub runs. */
export interface RunningHub {
  readonly pid: number;
  readonly url: string;
}

export interface HubLock {
  /** Tells where this hub serves. */
  announce(url: string): void;
  release(): Promise<void>;
}

/** Throws `DATA_FOLDER_IN_USE`, naming the holder, while another process serves `dir`. */
export function lockDataFolder(dir: string): HubLock {
  const path = join(dir, "hub.lock");
  const lock = tryAcquireLock(path, { scope: "hub", holder: "hub" });
  if (!(lock instanceof HeldLock)) {
    const running = readRunning(dir);
    const at = running === undefined || running.pid !== lock.pid ? "" : ` and serves ${running.url}`;
    throw new HoldfastError(
      "DATA_FOLDER_IN_USE",
      `a hub already uses ${dir}: process ${lock.pid} on ${lock.host}${at}`,
      {
        hint: "Use that one, stop it first, or name another data folder.",
        details: { dir, pid: lock.pid, host: lock.host, url: at === "" ? null : (running?.url ?? null) },
      },
    );
  }
  return {
    announce: (url) => writeFileSync(join(dir, "hub.json"), `${JSON.stringify({ pid: process.pid, url })}\n`),
    release: async () => {
      rmSync(join(dir, "hub.json"), { force: true });
      await lock.release();
    },
  };
}

function readRunning(dir: string): RunningHub | undefined {
  try {
    const { pid, url } = JSON.parse(readFileSync(join(dir, "hub.json"), "utf8")) as RunningHub;
    return { pid: Number(pid), url: String(url) };
  } catch {
    return undefined; // it is starting up, or was killed in the middle of telling
  }
}

/** Makes `dir`. Throws `NOT_A_FOLDER`, `NO_PERMISSION`, `READ_ONLY`, `DISK_FULL`. */
export function makeDataFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST" && systemCode(error) !== "ENOTDIR") throw toHoldfastError(error);
    throw new HoldfastError("NOT_A_FOLDER", `the hub's data folder ${dir} is not a folder`, {
      hint: "Name another folder with --data.",
      cause: error,
    });
  }
}

// Who keeps this folder in step right now. The lock `daemon` decides; `daemon.json` only tells where the holder serves,
// so a file that a killed daemon left behind fools nobody.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HeldLock, lockPath, readLock, tryAcquireLock } from "../coordination/index.ts";
import { judge, type LockRecord } from "../coordination/owner.ts";
import { HoldfastError, shellWord } from "../errors.ts";
import { type Layout, replaceFile } from "../store/index.ts";

/** `daemon.json`, and what `up --json` prints less `startedAt`. */
export interface DaemonRecord {
  readonly pid: number;
  /** Where its hub answers: its own, or the one that the folder is joined to. */
  readonly url: string;
  readonly folder: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

export interface RunningDaemon {
  readonly owner: LockRecord;
  /** It runs on another host that shares this folder. */
  readonly isElsewhere: boolean;
  /** Undefined while it is starting or stopping. */
  readonly record: DaemonRecord | undefined;
}

/** The daemon that keeps this folder now, or undefined. */
export function runningDaemon(layout: Layout): RunningDaemon | undefined {
  const state = readLock(daemonLock(layout));
  if (state.state !== "held" || state.record === null) return undefined;
  const record = readRecord(layout);
  const { isElsewhere } = state;
  return { owner: state.record, isElsewhere, record: record?.pid === state.record.pid ? record : undefined };
}

/** True once the process that `owner` names has ended, also when nobody has reaped it yet. */
export function hasEnded(owner: LockRecord): boolean {
  return judge(owner) === "dead";
}

/** Takes the daemon's place in this folder; `onLost` is called once somebody took it by force. Throws `ALREADY_UP` with
 *  pid and url of the one that has it. */
export function takeDaemonLock(layout: Layout, onLost: (error: HoldfastError) => void): HeldLock {
  const lock = tryAcquireLock(daemonLock(layout), { scope: "daemon", holder: "holdfast up", onLost });
  if (lock instanceof HeldLock) return lock;
  const record = readRecord(layout);
  const url = record?.pid === lock.pid ? record.url : null;
  throw new HoldfastError(
    "ALREADY_UP",
    `${layout.folder} is kept by process ${lock.pid} on ${lock.host} already${url === null ? "" : `, at ${url}`}`,
    {
      hint: `Use that one, or end it with \`holdfast down ${shellWord(layout.folder)}\`.`,
      details: { pid: lock.pid, host: lock.host, url, folder: layout.folder },
    },
  );
}

export function writeDaemonRecord(layout: Layout, record: DaemonRecord): void {
  replaceFile(recordFile(layout), `${JSON.stringify(record, null, 2)}\n`, { durable: false });
}

/** Removes our own; one that another daemon has written since is left. */
export function removeDaemonRecord(layout: Layout): void {
  if (readRecord(layout)?.pid === process.pid) rmSync(recordFile(layout), { force: true });
}

/** Where a daemon writes what it does, and a detached one what it prints. */
export function daemonLog(layout: Layout): string {
  return join(layout.root, "daemon.log");
}

function daemonLock(layout: Layout): string {
  return lockPath(layout.locks, "daemon");
}

function recordFile(layout: Layout): string {
  return join(layout.root, "daemon.json");
}

function readRecord(layout: Layout): DaemonRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(layout), "utf8")) as DaemonRecord;
  } catch {
    return undefined; // starting up, or gone: the lock is what counts
  }
}

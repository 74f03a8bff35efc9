// Who owns a lock, and whether that owner still lives.
//
// A pid alone names nobody: pids are given out again, mean nothing on another host or in another pid namespace, and do
// not survive a reboot. So an owner is named by where it runs (`hostId`), since when that machine runs (`bootId`), and
// by pid with its start time. Only an owner of this very host is judged here; all others are judged by their silence
// (see silence.ts).

import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemCode } from "../errors.ts";

/** A process, named so that no other process past or present can be taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process (field 22 of /proc/PID/stat); "" where unknown. */
  readonly startTime: string;
  /** Host name, for people. */
  readonly host: string;
  /** Hash of machine id, host name and pid namespace: equal only where pids mean the same processes. */
  readonly hostId: string;
  /** Changes with every boot of the machine; "" where unknown. */
  readonly bootId: string;
}

/** What a lock's generation (or a waiter's ticket) says about its owner. Complete from the moment it can be seen. */
export interface LockRecord extends ProcessIdentity {
  /** What is locked, as people say it: `files`, `sync`, `structural`. */
  readonly scope: string;
  /** Who holds it, as people say it; by default the program's name. */
  readonly holder: string;
  /** How long another host must see no heartbeat before it may take over, in milliseconds. */
  readonly leaseMs: number;
  /** Wall clock at acquisition, milliseconds since 1970. Shown to people; nothing is decided by it. */
  readonly sinceMs: number;
}

/** `elsewhere`: not of this host, so its pid says nothing here. */
export type Verdict = "alive" | "dead" | "elsewhere";

let known: ProcessIdentity | undefined;
let procIsOurs = false;

/** The identity of the process that runs this line. */
export function thisProcess(): ProcessIdentity {
  if (known?.pid === process.pid) return known;
  // In a pid namespace without a /proc of its own, /proc describes strangers: then only the pid itself is used.
  procIsOurs = textOf(() => readlinkSync("/proc/self")) === String(process.pid);
  const namespace = textOf(() => readlinkSync("/proc/self/ns/pid"));
  const machine = textOf(() => readFileSync("/etc/machine-id", "utf8"));
  known = {
    pid: process.pid,
    startTime: procIsOurs ? (processStat(process.pid)?.startTime ?? "") : "",
    host: hostname(),
    hostId: createHash("sha256").update(`${machine}\n${hostname()}\n${namespace}`).digest("hex").slice(0, 16),
    bootId: textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
  };
  return known;
}

/** Whether `owner` lives, as far as this process can tell at once. A stopped process is alive; a zombie is dead. */
export function judge(owner: ProcessIdentity): Verdict {
  const me = thisProcess();
  if (owner.hostId !== me.hostId) return "elsewhere";
  if (owner.bootId !== me.bootId) return "dead";
  if (!pidExists(owner.pid)) return "dead";
  if (!procIsOurs || owner.startTime === "") return "alive";
  const stat = processStat(owner.pid);
  if (stat === undefined) return pidExists(owner.pid) ? "alive" : "dead";
  if (stat.startTime !== owner.startTime) return "dead"; // guard: start-time. The pid was given to somebody else
  return stat.state === "Z" || stat.state === "X" ? "dead" : "alive";
}

/** Reads back what `JSON.stringify` wrote; undefined for anything that is not a whole record. */
export function parseRecord(text: string): LockRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is LockRecord {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    ["startTime", "host", "hostId", "bootId", "scope", "holder"].every((name) => typeof fields[name] === "string") &&
    ["pid", "leaseMs", "sinceMs"].every((name) => Number.isFinite(fields[name])) &&
    Number(fields.pid) > 0
  );
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH"; // EPERM: it is there, and somebody else's
  }
}

function processStat(pid: number): { state: string; startTime: string } | undefined {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The command name stands in parentheses and may hold spaces and parentheses itself: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields[0], fields[19]]; // fields 3 and 22
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}

function textOf(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return ""; // not Linux, or hidden from us
  }
}

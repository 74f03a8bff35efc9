// What a caller of a lock may ask for, and how a wait that fails says so.

import { basename } from "node:path";
import { HoldfastError } from "../errors.ts";
import { fileOf, look, readRecord } from "./generations.ts";
import type { WaitReport } from "./waiting-notices.ts";

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_LEASE_MS = 10_000;

export interface LockOptions {
  /** How long to wait for the lock, in milliseconds (default 30,000); 0 tries once. */
  readonly timeoutMs?: number;
  /** Another host may take over after this long without a heartbeat, in milliseconds (default 10,000). */
  readonly leaseMs?: number;
  /** Ends the wait (not the hold) with `INTERRUPTED`. */
  readonly signal?: AbortSignal;
  /** Called once, soon after the lock is found to be no longer ours: another host took it over, or it was released by force. */
  readonly onLost?: (error: HoldfastError) => void;
  /** Called when the wait has lasted a second, and every second after that, with who is waited for. */
  readonly onWait?: ((waiting: WaitReport) => void) | undefined;
  /** What the holder's `passOn()` returned: work under that hold instead of waiting for it to end. */
  readonly hold?: string | undefined;
  /** What is locked, for people; by default the directory's name, decoded. */
  readonly scope?: string;
  /** Who holds it, for people; by default the program's name. */
  readonly holder?: string;
}

/** Throws `BAD_OPTION` for what cannot be meant. */
export function checkLockOptions(options: LockOptions): void {
  checkMilliseconds("timeoutMs", options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 0);
  checkMilliseconds("leaseMs", options.leaseMs ?? DEFAULT_LEASE_MS, 10);
  if (options.onWait !== undefined && typeof options.onWait !== "function") {
    throw new HoldfastError("BAD_OPTION", "onWait must be a function", { hint: "Leave it out to hear nothing." });
  }
}

/** The scope that a lock directory stands for: its name, percent-decoded. */
export function scopeOf(path: string): string {
  try {
    return decodeURIComponent(basename(path));
  } catch {
    return basename(path);
  }
}

function checkMilliseconds(name: string, value: unknown, least: number): void {
  if (typeof value === "number" && Number.isFinite(value) && value >= least) return;
  throw new HoldfastError("BAD_OPTION", `${name} must be a number of milliseconds, ${least} or more; got ${value}`, {
    hint: `Leave ${name} out for its default, or give a number such as 5000.`,
    details: { name, value: String(value) },
  });
}

/** Throws the signal's own `HoldfastError`, or `INTERRUPTED`, once `signal` has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, path: string): void {
  if (signal?.aborted !== true) return;
  const reason: unknown = signal.reason;
  if (reason instanceof HoldfastError) throw reason;
  throw new HoldfastError("INTERRUPTED", `interrupted while waiting for lock ${path}`, { cause: reason });
}

/** The error for a wait that took too long: names who holds the lock now. */
export function lockTimedOut(path: string, scope: string, timeoutMs: number, waitedMs: number): HoldfastError {
  const { highest, released } = look(path);
  const owner = highest > 0 && !released ? readRecord(fileOf(path, highest)) : "gone";
  const waited = `lock ${scope} was not free within ${Math.round(waitedMs)} ms`;
  const about = { scope, path, timeout_ms: timeoutMs };
  if (owner === "gone" || owner === "unreadable") {
    return new HoldfastError("LOCK_TIMEOUT", `${waited}: others were served first`, {
      hint: "Try again, or allow more time.",
      details: { ...about, holder: null, pid: null, host: null, age_ms: null },
    });
  }
  const ageMs = Math.max(0, Date.now() - owner.sinceMs);
  const who = `held by ${owner.holder}, pid ${owner.pid} on ${owner.host}, for ${ageMs} ms`;
  return new HoldfastError("LOCK_TIMEOUT", `${waited}: ${who}`, {
    hint: "Wait for that process to finish or end it; its lock is taken over by itself once it is gone.",
    details: { ...about, holder: owner.holder, pid: owner.pid, host: owner.host, age_ms: ageMs },
  });
}

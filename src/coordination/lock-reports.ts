// Looking at locks, and releasing one by force, without taking any: these work while the lock is held.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { systemCode } from "../errors.ts";
import { fileOf, look, markReleasedByForce, readRecord } from "./generations.ts";
import { scopeOf } from "./lock-options.ts";
import { judge, type LockRecord } from "./owner.ts";
import { ticketsOf } from "./waiting-line.ts";

/** The state of one lock at the moment of looking. An owner on another host counts as holding: its silence takes time to see. */
export type LockState =
  | { readonly state: "free"; readonly generation: number }
  /** `record` is null when power was lost before the record reached the disk. */
  | {
      readonly state: "held";
      readonly generation: number;
      readonly record: LockRecord | null;
      /** Only its silence can tell whether the owner lives. */
      readonly isElsewhere: boolean;
    }
  | { readonly state: "dead"; readonly generation: number; readonly record: LockRecord };

/** One line of `holdfast lock list`. */
export interface LockListing {
  readonly scope: string;
  readonly holder: string;
  readonly pid: number;
  readonly host: string;
  /** The fencing token of the holder; for a waiter, of the holder that it waits for. */
  readonly generation: number;
  /** Since it was taken, or since the wait began, in milliseconds by wall clocks. */
  readonly age_ms: number;
  readonly state: "held" | "waiting" | "dead";
}

/** The state of the lock at `path`; a directory that is not there is a free lock of generation 0. */
export function readLock(path: string): LockState {
  const dir = resolve(path);
  // Asked first: most stores never see structural work, and making an error for that costs more than the question.
  if (!existsSync(dir)) return { state: "free", generation: 0 };
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const view = look(dir);
    const generation = view.highest;
    if (generation === 0 || view.released) return { state: "free", generation };
    const record = readRecord(fileOf(dir, generation));
    if (record === "gone") continue; // the lock has moved on since the listing
    if (record === "unreadable") return { state: "held", generation, record: null, isElsewhere: true };
    const verdict = judge(record);
    if (verdict === "dead") return { state: "dead", generation, record };
    return { state: "held", generation, record, isElsewhere: verdict === "elsewhere" };
  }
  return { state: "held", generation: look(dir).highest, record: null, isElsewhere: false }; // it changes hands faster than we can look
}

/** All locks under `rootDir` that are held, waited for, or left by a dead owner, by scope and order of service. */
export function listLocks(rootDir: string): LockListing[] {
  return lockDirectories(rootDir).flatMap((dir) => {
    const state = readLock(dir);
    const listings: LockListing[] = [];
    if (state.state !== "free") listings.push(listingOf(dir, state.generation, state.record, state.state));
    for (const ticket of ticketsOf(dir)) {
      const record = readRecord(ticket.file);
      if (record === "gone" || (record !== "unreadable" && judge(record) === "dead")) continue;
      listings.push(listingOf(dir, state.generation, record === "unreadable" ? null : record, "waiting"));
    }
    return listings;
  });
}

/** The lock directories directly under `rootDir`, in order of name; none when it is not there. */
export function lockDirectories(rootDir: string): string[] {
  try {
    return readdirSync(rootDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(resolve(rootDir), entry.name))
      .sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Releases `generation` of the lock at `path`, whoever holds it; its holder finds `LOCK_LOST` at its next check. True when
 * that generation is released, false when it is no longer the lock's state: a newer holder is never hit.
 */
export function forceRelease(path: string, generation: number): boolean {
  const dir = resolve(path);
  if (look(dir).highest !== generation || generation === 0) return false;
  return markReleasedByForce(dir, generation);
}

/** What `lock list` says of one holder or waiter. */
export function listingOf(
  dir: string,
  generation: number,
  record: LockRecord | null,
  state: LockListing["state"],
): LockListing {
  return {
    scope: record?.scope ?? scopeOf(dir),
    holder: record?.holder ?? "unknown",
    pid: record?.pid ?? 0,
    host: record?.host ?? "unknown",
    generation,
    age_ms: record === null ? 0 : Math.max(0, Date.now() - record.sinceMs),
    state,
  };
}

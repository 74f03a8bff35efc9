// The lock directory: what its names mean, and the single steps that can be taken on it.
//
//   7                 generation 7, a hard link to a finished record (where there are none: see `publish`). The highest number is the state of the lock.
//   7.x4f1.released   generation 7 was given back. Says nothing about 8. `7.released`: by force
//   7.<hash>.passed   generation 7 was passed on (passed-hold.ts)
//   7.x4f1.ready      the finished record that a taker of 7 links; renamed to `7.x4f1.released` when it gives the lock back. A
//                     taker of 8 may link its own `7.x4f1.released` in place of a new one (finished-record.ts)
//   waiting/          tickets of those who wait; there only while somebody does
//
// Why a release is a marker *of that generation* and neither a deletion nor a change of the record: a deletion would make
// the highest number vanish for a moment, and the next taker would count from a lower one; a change of "the" record could
// hit a successor's. A marker names its generation, so a late release, after a take-over, marks a generation that is no
// longer the highest, which means nothing. And since the marker's file is made before the lock is taken, giving back is
// one rename: it needs no space and cannot be refused by a full disk. The name that is renamed has a part that nobody else
// uses, so nobody else's record is ever taken for one's own, also where the whole directory was removed and made again.

import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { systemCode } from "../errors.ts";
import { type LockRecord, parseRecord } from "./owner.ts";

/** One listing of a lock directory. */
export interface View {
  /** The highest generation seen; 0 when there is none. */
  readonly highest: number;
  /** The highest generation was given back. */
  readonly released: boolean;
  readonly hasWaiting: boolean;
  /** The names that were listed. */
  readonly names: readonly string[];
}

export const WAITING = "waiting";
const READY = ".ready";
const EMPTY: View = { highest: 0, released: false, hasWaiting: false, names: [] };
const RELEASED = ".released";
/** Ends the names that say that a generation was passed on. */
export const PASSED = ".passed";

const instance = randomBytes(5).toString("hex");
let made = 0;

/** A name part that no other process, thread or call uses. */
export function uniqueToken(): string {
  made += 1;
  return `${instance}${made.toString(36)}`;
}

/** Lists the directory; a directory that is not there is an unused lock. */
export function look(dir: string): View {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return EMPTY;
    throw error;
  }
  let highest = 0;
  let highestReleased = 0;
  let hasWaiting = false;
  for (const name of names) {
    const generation = generationOf(name);
    if (generation === 0) {
      if (name === WAITING) hasWaiting = true;
      continue;
    }
    if (name.endsWith(RELEASED)) highestReleased = Math.max(highestReleased, generation);
    else if (name.endsWith(READY) || name.endsWith(PASSED)) continue; // not published
    highest = Math.max(highest, generation);
  }
  return { highest, released: highest > 0 && highestReleased === highest, hasWaiting, names };
}

const MOST_DIGITS = 15;
const [ZERO, NINE, DOT] = [48, 57, 46];

/** The generation that a name speaks of, its digits up to a dot or the end; 0 for names that are none of ours. */
function generationOf(name: string): number {
  let generation = 0;
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code === DOT) return generation;
    if (code < ZERO || code > NINE || at === MOST_DIGITS) return 0;
    generation = generation * 10 + code - ZERO;
  }
  return generation;
}

export function fileOf(dir: string, generation: number): string {
  return `${dir}/${generation}`;
}

/** True for a name whose appearance means that `generation`, or a later one, was given back; null: it may have been. */
export function tellsRelease(name: string | null, generation: number): boolean {
  return name === null || (name.endsWith(RELEASED) && generationOf(name) >= generation);
}

/** True when somebody stands in line, as `look` has it. */
export function hasWaiting(dir: string): boolean {
  return existsSync(`${dir}/${WAITING}`);
}

/** Writes the record whole under a name nobody looks at, and returns that name. Makes the directory when it is missing. */
export function prepare(dir: string, generation: number, record: LockRecord, token = uniqueToken()): string {
  const ready = `${dir}/${generation}.${token}${READY}`;
  const text = JSON.stringify(record);
  try {
    writeFileSync(ready, text, { flag: "wx" });
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    mkdirSync(dir, { recursive: true });
    writeFileSync(ready, text, { flag: "wx" });
  }
  return ready;
}

/** Publishes the prepared record as `generation`: true when it is ours, false when somebody was first. One step. */
export function publish(dir: string, generation: number, ready: string): boolean {
  try {
    linkSync(ready, fileOf(dir, generation)); // guard: create-or-fail
    return true;
  } catch (error) {
    // ENOENT: what we prepared was swept, so a higher generation is there already.
    if (systemCode(error) === "EEXIST" || systemCode(error) === "ENOENT") return false;
    if (!saysNoLinks(error)) throw error;
    tellNoLinks(dir);
    return createWithoutLink(fileOf(dir, generation), ready);
  }
}

/**
 * Where there are no hard links (FAT, exFAT, some network and container disks), a generation is created and then written:
 * two steps. Creating it decides whose it is, as a link does; until it is written, others read a record that says nothing,
 * and such an owner is taken for dead only after a lease of silence. A writer that slept for so long finds a higher
 * generation when it looks again, and withdraws.
 */
function createWithoutLink(file: string, ready: string): boolean {
  let created: number | undefined;
  try {
    const record = readFileSync(ready);
    created = openSync(file, "wx");
    writeFileSync(created, record);
    return true;
  } catch (error) {
    if (created !== undefined)
      removeQuietly(file); // a full disk; nobody was told of this generation
    else if (systemCode(error) === "EEXIST" || systemCode(error) === "ENOENT") return false;
    throw error;
  } finally {
    if (created !== undefined) closeSync(created);
  }
}

const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

function saysNoLinks(error: unknown): boolean {
  return NO_LINKS.has(systemCode(error) ?? "");
}

let isTold = false;

/** Once in a process. */
function tellNoLinks(dir: string): void {
  if (isTold) return;
  isTold = true;
  process.emitWarning(`the file system of ${dir} has no hard links: locks there are kept by creating files`, {
    code: "HOLDFAST_NO_HARD_LINKS",
    detail: "After a crash while a lock is taken, the next comer may wait for a lease (10 s unless told otherwise).",
  });
}

/**
 * Marks `generation` as given back, with the file that was linked at its acquisition, and returns the mark's name. One step;
 * harmless when it came too late. `token` must be that of the file's own name.
 */
export function markReleased(dir: string, generation: number, token: string, ready: string): string | undefined {
  const mark = `${dir}/${generation}.${token}${RELEASED}`;
  try {
    renameSync(ready, mark);
    return mark;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    return undefined; // swept: the lock has moved on without us
  }
}

/** Marks somebody else's `generation` as given back; false when it is no longer there. One step. */
export function markReleasedByForce(dir: string, generation: number): boolean {
  try {
    linkSync(fileOf(dir, generation), fileOf(dir, generation) + RELEASED);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return true;
    if (systemCode(error) === "ENOENT") return false;
    if (!saysNoLinks(error)) throw error;
    // Not one step: should the generation be swept meanwhile, the mark speaks of one that is no longer the highest.
    if (!existsSync(fileOf(dir, generation))) return false;
    writeFileSync(fileOf(dir, generation) + RELEASED, "");
    return true;
  }
}

/** Removes what speaks of generations below `generation`, but for `ready`. Best effort: what stays is swept by a later holder. */
export function sweepBelow(dir: string, view: View, generation: number, ready: string): void {
  for (const name of view.names) {
    const of = generationOf(name);
    if (of === 0 || of >= generation) continue;
    const file = `${dir}/${name}`;
    if (file !== ready) removeQuietly(file);
  }
}

/** The record of a file: `gone` when the file is not there, `unreadable` when power was lost before it reached the disk. */
export function readRecord(file: string): LockRecord | "gone" | "unreadable" {
  try {
    return parseRecord(readFileSync(file, "utf8")) ?? "unreadable";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "gone";
    throw error;
  }
}

export function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Debris never decides anything; whoever holds the lock later removes it.
  }
}

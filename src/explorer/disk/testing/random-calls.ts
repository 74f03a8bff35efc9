// Random calls on few names, so that they meet.

import type { FileCallName, FileCalls } from "../calls.ts";

export type RandomCall = { [Op in FileCallName]: readonly [op: Op, ...args: FileCalls[Op]["args"]] }[FileCallName];

/** Mulberry32: small, fast, and the same everywhere. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** From 0 up to but not including `sides`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }
  oneOf<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T;
  }
}

const NAMES = ["a", "a", "b", "b", "c"];
const ODD_NAMES = [
  ".",
  "..",
  "..",
  "d",
  `l${"o".repeat(254)}`,
  `l${"o".repeat(255)}`,
  "ü".repeat(127),
  "ü".repeat(128),
];
const MODES = [0o777, 0o666, 0o644, 0o600, 0o000, 0o1777, 0o2775, 0o4755];
const TIMES = [1000, 5000, 9000];

/** A path below `base`, absolute or relative. */
export function randomPath(dice: Dice, base: string): string {
  if (dice.roll(300) === 0) return dice.oneOf(["", "a".repeat(4096), `${base}/${"./".repeat(1900)}${"a".repeat(200)}`]);
  const names: string[] = [];
  const count = dice.oneOf([1, 1, 1, 2, 2, 3]);
  for (let at = 0; at < count; at++) names.push(dice.roll(14) === 0 ? dice.oneOf(ODD_NAMES) : dice.oneOf(NAMES));
  const separator = dice.roll(40) === 0 ? "//" : "/";
  const slash = dice.roll(14) === 0 ? "/" : "";
  return (dice.roll(2) === 0 ? `${base}/` : "") + names.join(separator) + slash;
}

const ACCESS = [0o0, 0o1, 0o2, 0o2];

function randomFlags(dice: Dice): number {
  let flags = dice.oneOf(ACCESS);
  if (dice.roll(2) === 0) flags |= 0o100; // O_CREAT
  if (dice.roll(5) === 0) flags |= 0o200; // O_EXCL
  if (dice.roll(4) === 0) flags |= 0o1000; // O_TRUNC
  if (dice.roll(4) === 0) flags |= 0o2000; // O_APPEND
  if (dice.roll(12) === 0) flags |= 0o200000; // O_DIRECTORY
  if (dice.roll(10) === 0) flags |= 0o400000; // O_NOFOLLOW
  if (dice.roll(12) === 0) flags |= 0o4010000; // O_SYNC
  return flags;
}

type Maker = (dice: Dice, path: () => string, fd: () => number) => RandomCall;

const position = (dice: Dice) => dice.oneOf([null, null, null, 0, 1, 7]);
const owner = (dice: Dice) => dice.oneOf([-1, 0, 1000]);

const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [12, (dice, path) => ["open", path(), randomFlags(dice), dice.oneOf(MODES)]],
  [3, (_dice, _path, fd) => ["close", fd()]],
  [5, (dice, _path, fd) => ["read", fd(), dice.oneOf([1, 2, 10]), position(dice)]],
  [7, (dice, _path, fd) => ["write", fd(), Buffer.from(dice.oneOf(["x", "yz", "12345"])), position(dice)]],
  [3, (dice, _path, fd) => ["ftruncate", fd(), dice.oneOf([0, 1, 3, 9])]],
  [1, (dice, _path, fd) => [dice.oneOf(["fsync", "fdatasync"]), fd()]],
  [4, (dice, path) => [dice.oneOf(["stat", "stat", "lstat"]), path()]],
  [2, (_dice, _path, fd) => ["fstat", fd()]],
  [1, (dice, path) => ["access", path(), dice.roll(8)]],
  [12, (dice, path) => ["mkdir", path(), dice.oneOf(MODES)]],
  [5, (_dice, path) => ["rmdir", path()]],
  [6, (_dice, path) => ["unlink", path()]],
  [14, (_dice, path) => ["rename", path(), path()]],
  [5, (_dice, path) => ["link", path(), path()]],
  [6, (_dice, path) => ["symlink", path(), path()]],
  [2, (_dice, path) => ["readlink", path()]],
  [2, (_dice, path) => ["realpath", path()]],
  [4, (_dice, path) => ["readdir", path()]],
  [2, (dice, path) => ["chmod", path(), dice.oneOf(MODES)]],
  [1, (dice, _path, fd) => ["fchmod", fd(), dice.oneOf(MODES)]],
  [1, (dice, path) => [dice.oneOf(["chown", "lchown"]), path(), owner(dice), owner(dice)]],
  [1, (dice, _path, fd) => ["fchown", fd(), owner(dice), owner(dice)]],
  [3, (dice, path) => [dice.oneOf(["utimes", "lutimes"]), path(), dice.oneOf(TIMES), dice.oneOf(TIMES)]],
  [1, (dice, _path, fd) => ["futimes", fd(), dice.oneOf(TIMES), dice.oneOf(TIMES)]],
];
const WEIGHTED: readonly Maker[] = MAKERS.flatMap(([weight, make]) => Array<Maker>(weight).fill(make));

/** Calls that make something, so that the others find something. */
export function randomGround(dice: Dice, base: string): RandomCall[] {
  const path = (): string => `${base}/${dice.oneOf(NAMES)}${dice.roll(2) === 0 ? "" : `/${dice.oneOf(NAMES)}`}`;
  return [
    ["mkdir", `${base}/${dice.oneOf(NAMES)}`, 0o777],
    ["open", path(), 0o102, 0o666],
    ["mkdir", path(), 0o777],
    dice.oneOf<RandomCall>([
      ["symlink", dice.oneOf([...NAMES, "../a", "a/b", `${base}/b`]), path()],
      ["open", path(), 0o2102, 0o666],
      ["open", path(), 0, 0],
    ]),
    ["mkdir", path(), 0o777],
  ];
}

/** Any call, on paths and descriptors that the caller chooses. */
export function randomCall(dice: Dice, path: () => string, fd: () => number): RandomCall {
  return dice.oneOf(WEIGHTED)(dice, path, fd);
}

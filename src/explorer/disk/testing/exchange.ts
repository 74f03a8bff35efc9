// The ground on which the search leaves out orders: two calls whose footprints do not meet may be exchanged.

import assert from "node:assert/strict";
import { meet, resourceName, type Touched } from "../../footprint.ts";
import { type FileCallName, SystemFault } from "../calls.ts";
import { Disk } from "../disk.ts";
import type { AddressedNotice } from "../watches.ts";
import { Dice, type RandomCall, randomCall, randomPath } from "./random-calls.ts";
import { type TestCaller, testCaller } from "./test-caller.ts";
import { wholeState } from "./whole-state.ts";

const FIRST_DESCRIPTOR = 17;

/** The disk's calls, and those of the process that the disk helps with. */
type AnyCall = RandomCall | readonly ["chdir", path: string] | readonly ["getcwd"];
type Deed = readonly [who: number, call: AnyCall, passMs: number];

interface Case {
  readonly trackDurability: boolean;
  readonly users: readonly number[];
  readonly history: readonly Deed[];
  readonly pair: readonly [AnyCall, AnyCall];
}

interface Stage {
  readonly disk: Disk;
  readonly callers: readonly TestCaller[];
  readonly notices: AddressedNotice[];
}

/** From HOLDFAST_SEED, or a new seed each time; fails with the first pair that tells too little. */
export function exchangeMany(pairs: number): string {
  const firstSeed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000_000);
  let apart = 0;
  for (let seed = firstSeed; seed < firstSeed + pairs; seed++) {
    const { defect, met } = randomExchange(seed);
    if (defect !== undefined) assert.fail(defect);
    if (!met) apart++;
  }
  // Else nothing was tested.
  assert.ok(apart > pairs / 10 && apart < pairs, `${apart} of ${pairs} pairs did not meet`);
  return `${apart} of ${pairs} did not meet, from seed ${firstSeed}`;
}

interface ExchangeOutcome {
  /** Told if exchanging the calls could be seen though their footprints do not meet. */
  readonly defect?: string;
  readonly met: boolean;
}

function randomExchange(seed: number): ExchangeOutcome {
  const chosen = randomCase(new Dice(seed));
  const forward = staged(chosen);
  const backward = staged(chosen);
  const first = perform(forward, 0, chosen.pair[0]);
  const second = perform(forward, 1, chosen.pair[1]);
  const secondAlone = perform(backward, 1, chosen.pair[1]);
  const firstAfter = perform(backward, 0, chosen.pair[0]);
  const met = meet(first.touched, second.touched);
  if (met && meet(firstAfter.touched, secondAlone.touched)) return { met };

  const differences: string[] = [];
  if (first.shown !== firstAfter.shown) differences.push(`first call: ${first.shown} or ${firstAfter.shown}`);
  if (second.shown !== secondAlone.shown) differences.push(`second call: ${second.shown} or ${secondAlone.shown}`);
  const left = wholeState(forward.disk, forward.callers);
  const right = wholeState(backward.disk, backward.callers);
  if (left !== right) differences.push(...lineDifferences(left, right));
  if (noticesText(forward) !== noticesText(backward))
    differences.push(`notices: ${noticesText(forward)}\n or ${noticesText(backward)}`);
  // Where they meet in one order only, the other order has nothing to answer for but what was seen.
  const neither = !met && !meet(firstAfter.touched, secondAlone.touched);
  if (neither && footprintText(first) !== footprintText(firstAfter)) differences.push("first call's footprint");
  if (neither && footprintText(second) !== footprintText(secondAlone)) differences.push("second call's footprint");
  if (differences.length === 0) return { met };
  const told = [
    `seed ${seed}, ${JSON.stringify({ users: chosen.users, trackDurability: chosen.trackDurability })}`,
    ...chosen.history.map(([who, call]) => `  p${who} ${JSON.stringify(call)}`),
    `then p0 ${JSON.stringify(chosen.pair[0])} touched ${footprintText(first)}`,
    ` and p1 ${JSON.stringify(chosen.pair[1])} touched ${footprintText(second)}`,
    ...differences,
  ];
  return { met, defect: told.join("\n") };
}

const DIRECTORIES = ["/w", "/w/a", "/w/a/a", "/w/c"];
const PATHS = ["/w/a", "/w/b", "/w/c", "/w/a/a", "/w/a/b", "/w/a/a/b", "/w/c/b"];
const RELATIVE = ["a", "b", ".", "..", "../a", "../b", "../a/b", "b/..", "../.."];

/** A world so small that any two calls have a good chance to be about the same thing, and to succeed. */
function randomCase(dice: Dice): Case {
  const users = dice.oneOf([
    [0, 0],
    [1000, 0],
    [1000, 1000],
    [1000, 1001],
  ]);
  const makeFile = (path: string): RandomCall => ["open", path, 0o102, dice.oneOf([0o666, 0o666, 0o600, 0o6777])];
  const anyPath = () =>
    dice.oneOf(dice.roll(3) === 0 ? RELATIVE : dice.roll(12) === 0 ? [randomPath(dice, "/w")] : PATHS);
  const ground: RandomCall[] = [["mkdir", "/w/a", dice.oneOf([0o777, 0o777, 0o755, 0o1777, 0o2777])]];
  if (dice.roll(3) !== 0) ground.push(makeFile("/w/b"));
  if (dice.roll(2) === 0) ground.push(["mkdir", "/w/a/a", 0o777]);
  if (dice.roll(2) === 0) ground.push(["mkdir", "/w/c", 0o777]);
  if (dice.roll(2) === 0)
    ground.push(dice.oneOf([makeFile("/w/a/b"), ["link", "/w/b", "/w/a/b"], ["symlink", "../b", "/w/a/b"]]));
  if (dice.roll(3) === 0)
    ground.push(dice.oneOf([makeFile("/w/a/a/b"), ["symlink", "a", "/w/c"], ["symlink", "..", "/w/a/a"]]));
  const history: Deed[] = ground.map((call) => [dice.roll(3), call, dice.roll(2)]);
  for (const who of [0, 1]) {
    const opened = dice.oneOf(["/w/b", "/w/b", "/w/a/b", "/w/a", "/w"]);
    if (dice.roll(4) !== 0)
      history.push([who, ["open", opened, opened.endsWith("b") ? dice.oneOf([2, 2, 0o2002]) : 0, 0], 1]);
    if (dice.roll(2) === 0) history.push([who, ["write", FIRST_DESCRIPTOR, Buffer.from("12345"), 0], 1]);
    if (dice.roll(2) === 0) history.push([who, ["chdir", dice.oneOf(DIRECTORIES)], 0]);
  }
  const count = dice.roll(5);
  for (let at = 0; at < count; at++) history.push([dice.roll(3), anyCall(dice, anyPath), dice.roll(2)]);
  for (const who of dice.oneOf([[], [0], [1], [2], [2, 2]]))
    history.push([who, ["watch", anyPath(), dice.roll(3) === 0], 0]);
  const last = dice.roll(3);
  for (let at = 0; at < last; at++) history.push([dice.roll(3), anyCall(dice, anyPath), dice.roll(2)]);
  const paths = [anyPath(), anyPath()];
  const near = () => (dice.roll(3) === 0 ? anyPath() : dice.oneOf(paths));
  const oneOfPair = () => (dice.roll(3) === 0 ? seldomCall(dice, near) : anyCall(dice, near));
  return { trackDurability: dice.roll(2) === 0, users, history, pair: [oneOfPair(), oneOfPair()] };
}

/** What takes a certain state, or a certain other call, to be seen. */
function seldomCall(dice: Dice, path: () => string): AnyCall {
  return dice.oneOf<AnyCall>([
    ["realpath", dice.oneOf(RELATIVE)],
    ["getcwd"],
    ["rename", dice.oneOf(DIRECTORIES), dice.oneOf(["b", "../c", "/w/b", "/w/a/b", "/w/c"])],
    ["rename", dice.oneOf(["..", "/w/a", "/w/b", "/w/c"]), dice.oneOf(["a", "b", "c"])],
    ["rmdir", dice.oneOf(DIRECTORIES)],
    ["mkdir", dice.oneOf(["b", "c", `l${"o".repeat(255)}`]), 0o777],
    ["chmod", path(), dice.oneOf([0, 0o700, 0o777, 0o1777, 0o2777, 0o6777])],
    ["chown", path(), dice.oneOf([-1, 0, 1000, 1001]), dice.oneOf([-1, 0, 1000, 1001])],
    ["access", path(), dice.oneOf([1, 2, 4])],
    ["unlink", path()],
    ["link", path(), dice.oneOf(["a", "b", "c"])],
    ["fstat", FIRST_DESCRIPTOR],
    ["watch", path(), dice.roll(3) === 0],
    ["unwatch", 1],
  ]);
}

function anyCall(dice: Dice, path: () => string): RandomCall {
  if (dice.roll(60) === 0) return ["mkdtemp", dice.oneOf(["/w/a/", "/w/t"])];
  return randomCall(dice, path, () => FIRST_DESCRIPTOR + (dice.roll(6) === 0 ? 1 : 0));
}

function staged({ trackDurability, users, history }: Case): Stage {
  const disk = new Disk({ trackDurability });
  const callers = [0, 1, 2].map((number) => testCaller(disk, number));
  for (const caller of callers) {
    caller.uid = users[Number(caller.process.slice(1))] ?? 0;
    caller.gid = caller.uid;
    caller.umask = 0;
  }
  const stage: Stage = { disk, callers, notices: [] };
  perform(stage, 2, ["mkdir", "/w", 0o777]);
  for (const caller of callers) disk.changeDirectory(caller, "/w");
  disk.syncAll();
  for (const [who, call, passMs] of history) {
    for (const caller of callers) caller.nowMs += passMs;
    perform(stage, who, call);
  }
  // Otherwise no change could be told from the last.
  for (const caller of callers) caller.nowMs += 1;
  return stage;
}

interface Performed {
  readonly shown: string;
  readonly touched: Touched;
}

function perform(
  { disk, callers, notices }: Stage,
  who: number,
  [op, ...args]: readonly [string, ...unknown[]],
): Performed {
  const caller = callers[who] as TestCaller;
  caller.footprint.take();
  const shown = ((): string => {
    try {
      if (op === "chdir") return String(disk.changeDirectory(caller, String(args[0])));
      if (op === "getcwd") return disk.workingDirectory(caller);
      const result = disk.perform(caller, op as FileCallName, args as never);
      return JSON.stringify(result) ?? "done";
    } catch (fault) {
      if (fault instanceof SystemFault) return fault.code;
      throw fault;
    }
  })();
  notices.push(...disk.takeNotices());
  return { shown, touched: caller.footprint.take() };
}

function footprintText({ touched }: Performed): string {
  const access = ["reads", "adds to", "writes"];
  return touched
    .map((touch) => `${access[touch & 3]} ${resourceName(touch >> 2)}`)
    .sort()
    .join(", ");
}

/** In their order for each watch; between watches there is none. */
function noticesText({ notices }: Stage): string {
  const told = notices.map(({ process, notice }) => `${process} ${notice.watch}: ${notice.event} ${notice.name}`);
  return told.sort((a, b) => (a.split(":")[0] as string).localeCompare(b.split(":")[0] as string)).join(", ");
}

function lineDifferences(left: string, right: string): string[] {
  const lefts = left.split("\n");
  const rights = right.split("\n");
  return [
    ...lefts.filter((line) => !rights.includes(line)).map((line) => `either ${line}`),
    ...rights.filter((line) => !lefts.includes(line)).map((line) => `or     ${line}`),
  ];
}

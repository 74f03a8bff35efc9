// Notices of watches beside what inotify tells `fs.watch`: the same calls on both. HOLDFAST_SEED=N starts from that seed.
//
// Equal notices in a row count once on both sides: the kernel merges those that nobody has read yet.

import assert from "node:assert/strict";
import { existsSync, type FSWatcher, mkdirSync, mkdtempSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { SystemFault } from "./calls.ts";
import { Disk } from "./disk.ts";
import { Dice, type RandomCall, randomCall } from "./testing/random-calls.ts";
import { performReally } from "./testing/real-kernel.ts";
import { testCaller } from "./testing/test-caller.ts";

const SEQUENCES = 10_000;
const FIRST_SIMULATED_DESCRIPTOR = 17;

const top = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/holdfast-watch-`);
const bell = `${top}/bell`;
mkdirSync(bell);
after(() => rmSync(top, { recursive: true }));

const PATHS = ["/a", "/b", "/c", "/a/a", "/a/b", "/c/b"];
const GROUND: readonly RandomCall[] = [
  ["mkdir", "/a", 0o777],
  ["mkdir", "/a/a", 0o777],
  ["open", "/b", 0o102, 0o666],
  ["open", "/a/b", 0o102, 0o666],
];
const WATCHED = ["/", "/a", "/b", "/a/b", "/a/"];
/** Arguments that are paths, by call. */
const TWO_PATHS = new Set(["rename", "link"]);
const DESCRIPTOR_FIRST = new Set([
  "close",
  "read",
  "write",
  "ftruncate",
  "fsync",
  "fdatasync",
  "fstat",
  "fchmod",
  "fchown",
  "futimes",
]);

/** One sequence on both sides; what each watch told. */
async function notices(dice: Dice): Promise<{ simulated: string[]; real: string[]; calls: RandomCall[] }> {
  const root = `${top}/w`;
  mkdirSync(root);
  const disk = new Disk();
  const caller = testCaller(disk);
  for (const directory of [...top.slice(1).split("/"), "w"].keys()) {
    const path = `${root
      .split("/")
      .slice(0, directory + 2)
      .join("/")}`;
    if (path !== "/tmp" && path !== "/dev") disk.perform(caller, "mkdir", [path, 0o777]);
  }
  const descriptors = new Map<number, number>();
  const both = ([op, ...args]: RandomCall): void => {
    const placed = args.map((arg, at) =>
      typeof arg === "string" && (at === 0 || TWO_PATHS.has(op) || op === "symlink") ? `${root}${arg}` : arg,
    );
    let simulated: unknown;
    try {
      simulated = disk.perform(caller, op, placed as never);
    } catch (fault) {
      if (!(fault instanceof SystemFault)) throw fault;
      simulated = fault;
    }
    const onReal = DESCRIPTOR_FIRST.has(op) ? [descriptors.get(Number(args[0])) ?? 9_999, ...placed.slice(1)] : placed;
    const real = performReally(op, onReal);
    assert.equal(real instanceof Error, simulated instanceof SystemFault, `${op} ${placed}: ${real}`);
    if (op === "open" && typeof simulated === "number") descriptors.set(simulated, Number(real));
    if (op === "close" && !(simulated instanceof SystemFault)) descriptors.delete(Number(args[0]));
  };
  for (const call of GROUND) both(call);
  disk.takeNotices();

  const real: string[][] = [];
  const watchers: FSWatcher[] = [];
  for (const at of WATCHED) {
    disk.perform(caller, "watch", [root + at, false]);
    const told: string[] = [];
    real.push(told);
    watchers.push(watch(root + at, (event, name) => told.push(`${event} ${name}`)));
  }
  const rung = Promise.withResolvers<void>();
  watchers.push(watch(bell, () => rung.resolve()));

  const path = () => dice.oneOf(PATHS);
  const calls = Array.from({ length: 1 + dice.roll(6) }, () =>
    randomCall(dice, path, () => FIRST_SIMULATED_DESCRIPTOR + dice.roll(2)),
  );
  for (const call of calls) both(call);
  for (const fd of descriptors.keys()) both(["close", fd]);
  // One inotify queue serves all watches of this process, so the bell comes last.
  writeFileSync(`${bell}/rung`, "");
  await rung.promise;
  for (const watcher of watchers) watcher.close();
  rmSync(root, { recursive: true });
  const simulated: string[][] = WATCHED.map(() => []);
  for (const { notice } of disk.takeNotices()) simulated[notice.watch - 1]?.push(`${notice.event} ${notice.name}`);
  return { simulated: simulated.map(merged), real: real.map(merged), calls };
}

function merged(told: readonly string[]): string {
  return told.filter((notice, at) => notice !== told[at - 1]).join(", ");
}

test(`RACE-08 watches tell of ${SEQUENCES} random sequences of calls what inotify tells`, async () => {
  const firstSeed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000_000);
  for (let seed = firstSeed; seed < firstSeed + SEQUENCES; seed++) {
    const { simulated, real, calls } = await notices(new Dice(seed));
    const told = calls.map((call) => `  ${JSON.stringify(call)}`).join("\n");
    assert.deepEqual(
      simulated,
      real,
      `HOLDFAST_SEED=${seed}; watched ${WATCHED}\n${told}\n${simulated.join(" | ")}\n${real.join(" | ")}`,
    );
  }
});

// Kills a real command at one system call after the other: strace sends SIGKILL as the call is entered, so that it is not
// made any more.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finished, holdfast } from "./holdfast.ts";

/** The calls that change a file system. Opening with O_CREAT is not among them: what it makes is written or linked next. */
const CHANGES =
  "mkdir link linkat rename renameat2 unlink unlinkat rmdir fsync fdatasync ftruncate pwrite64 write".split(" ");

/** Why no process can be traced here; undefined where one can. */
export function whyNoTracing(): string | undefined {
  const { status, error } = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]);
  if (error !== undefined) return "strace is not installed";
  return status === 0 ? undefined : "processes may not be traced here";
}

/** One place in a command: the `nth` time that it makes this call. */
export interface Place {
  readonly call: string;
  readonly nth: number;
}

/** Every place in a command, which is run to its end for that. */
export async function placesIn(
  args: readonly string[],
): Promise<{ readonly places: Place[]; readonly done: Finished }> {
  const trace = join(tmpdir(), `holdfast-strace-${process.pid}`);
  try {
    const within = ["strace", "-f", "-qq", "-o", trace, "-e", `trace=?${CHANGES.join(",?")}`, "-e", "signal=none"];
    const done = await holdfast(args, { within });
    const made = new Map<string, number>();
    for (const line of readFileSync(trace, "utf8").split("\n")) {
      const call = /^\d+ +(\w+)\(/.exec(line)?.[1];
      if (call !== undefined) made.set(call, (made.get(call) ?? 0) + 1);
    }
    const places = [...made].flatMap(([call, times]) =>
      Array.from({ length: times }, (_, at) => ({ call, nth: at + 1 })),
    );
    return { places, done };
  } finally {
    rmSync(trace, { force: true });
  }
}

/** Runs a command that is killed at a place, if it comes there. */
export async function killedAtCall(args: readonly string[], { call, nth }: Place): Promise<Finished> {
  const inject = `inject=${call}:signal=SIGKILL:when=${nth}`;
  return await holdfast(args, {
    within: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject],
  });
}

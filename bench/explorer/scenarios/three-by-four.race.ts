// Three processes of four effects each: what a run costs.

import { access, mkdir, utimes, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

const EFFECTS = 4;

function processes(effect: (process: string, at: number) => Promise<void>, effects = EFFECTS) {
  const main = (process: string) => async () => {
    for (let at = 0; at < effects; at += 1) await effect(process, at);
  };
  return { a: main("a"), b: main("b"), c: main("c") };
}

/** Each has names of its own: none meets another's. */
export const mkdirs = race({ processes: processes((process, at) => mkdir(`/${process}${at}`)) });
export const accesses = race({ processes: processes(() => access("/tmp")) });
/** Five effects each, and all change the same: every effect meets every other, and none of 756,756 orders is like another. */
export const contended = race({
  setup: () => writeFile("/shared", ""),
  processes: processes((_process, at) => utimes("/shared", at, at), 5),
});

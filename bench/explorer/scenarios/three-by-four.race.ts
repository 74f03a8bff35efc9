// Three processes of four effects each: what a run costs.

import { access, mkdir } from "node:fs/promises";
import { race } from "holdfast/explorer";

const EFFECTS = 4;

function processes(effect: (process: string, at: number) => Promise<void>) {
  const main = (process: string) => async () => {
    for (let at = 0; at < EFFECTS; at += 1) await effect(process, at);
  };
  return { a: main("a"), b: main("b"), c: main("c") };
}

/** Each has names of its own: none meets another's. */
export const mkdirs = race({ processes: processes((process, at) => mkdir(`/${process}${at}`)) });
export const accesses = race({ processes: processes(() => access("/tmp")) });
/** All contend for the same names: every effect meets every other. */
export const contended = race({
  processes: processes((_process, at) => mkdir(`/${at}`).catch(() => undefined)),
});

// Processes that do not meet: what a reduction can save.

import { access, mkdir } from "node:fs/promises";
import { race } from "holdfast/explorer";

const EFFECTS = 4;

function processes(names: string, effect: (process: string, at: number) => Promise<void>) {
  const main = (process: string) => async () => {
    for (let at = 0; at < EFFECTS; at += 1) await effect(process, at);
  };
  return Object.fromEntries([...names].map((name) => [name, main(name)]));
}

const make = (process: string, at: number) => mkdir(`/${process}${at}`);
const look = () => access("/tmp");

export const mkdirs3x4 = race({ processes: processes("abc", make) });
export const accesses3x4 = race({ processes: processes("abc", look) });
export const mkdirs4x4 = race({ processes: processes("abcd", make) });
export const accesses4x4 = race({ processes: processes("abcd", look) });

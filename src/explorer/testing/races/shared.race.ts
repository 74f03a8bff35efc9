// Searches that take long enough for other cores to take part.

import { utimesSync } from "node:fs";
import { mkdir, rename, rmdir, utimes, writeFile } from "node:fs/promises";
import { race } from "../../index.ts";

const none = (): undefined => undefined;
const setup = (): Promise<void> => writeFile("/shared", "");

function each(names: string, main: (me: string) => Promise<void>): Record<string, () => Promise<void>> {
  return Object.fromEntries([...names].map((me) => [me, () => main(me)]));
}

/** No order is like another. */
export const meeting = race({
  setup,
  processes: each("abc", async () => {
    for (let at = 0; at < 4; at++) await utimes("/shared", at, at);
  }),
});

/** Some orders are like others, and some runs come to where all was covered. */
export const partly = race({
  processes: each("abc", async (me) => {
    await mkdir(`/of-${me}`).catch(none);
    await mkdir("/x").catch(none);
    await rename("/x", `/of-${me}/x`).catch(none);
    await rmdir(`/of-${me}`).catch(none);
    await rmdir("/x").catch(none);
  }),
});

/** Processes with threads of their own. */
export const sync = race({
  setup,
  processes: each("abc", async () => {
    for (let at = 0; at < 3; at++) utimesSync("/shared", at, at);
  }),
});

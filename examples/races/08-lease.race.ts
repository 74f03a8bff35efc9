// A lease is a lock that ends by itself, so that a dead holder keeps nobody out for long. Whoever stands still for longer
// than its lease (a laptop that sleeps, a paused virtual machine) does not know that it has ended, and goes on.

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { race } from "holdfast/explorer";

const LEASE_MS = 10_000;
const GIVEN_BACK = "1";

/** Numbered like the locks of 05; the content is the time at which the lease ends. @returns its path */
async function takeLease(): Promise<string> {
  for (;;) {
    const last = await highest("/leases");
    if (last > 0 && !hasEnded(await readFile(`/leases/${last}`, "utf8"))) await sleep(LEASE_MS);
    else if (await makeOnce(`/leases/${last + 1}`, String(Date.now() + LEASE_MS))) return `/leases/${last + 1}`;
  }
}

/** One that was only just made is empty for a moment, and has not ended. */
function hasEnded(end: string): boolean {
  return end !== "" && Number(end) <= Date.now();
}

async function highest(folder: string): Promise<number> {
  return Math.max(0, ...(await readdir(folder)).map(Number));
}

/** @returns whether it was made: false where it is there already */
async function makeOnce(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function visit(): Promise<void> {
  const lease = await takeLease();
  const count = Number(await readFile("/visits", "utf8"));
  await writeFile("/visits", String(count + 1));
  await writeFile(lease, GIVEN_BACK);
}

export default race({
  setup: async () => {
    await mkdir("/leases");
    await writeFile("/visits", "0");
  },
  processes: { a: visit, b: visit },
  check: async () => assert.equal(await readFile("/visits", "utf8"), "2"),
  stalls: 1,
});

// No look at the lease before the write would help: one can stand still between the two. The write itself has to fail for
// those who come too late. Here the count is the highest of numbered files, and each number can be made once. The lease
// is still good for something: nobody has to try twice who is not late.

async function visitNumber(): Promise<void> {
  const lease = await takeLease();
  while (!(await makeOnce(`/visits/${(await highest("/visits")) + 1}`, "")));
  await writeFile(lease, GIVEN_BACK);
}

export const fixed = race({
  setup: async () => {
    await mkdir("/leases");
    await mkdir("/visits");
  },
  processes: { a: visitNumber, b: visitNumber },
  check: async () => assert.equal(await highest("/visits"), 2),
  stalls: 1,
});

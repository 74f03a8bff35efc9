// Whoever comes first leads. That no other code of the process runs between two synchronous calls does not help: another
// process does.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { race } from "holdfast/explorer";

/** @returns whether this process leads */
function becomeLeader(name: string): boolean {
  if (existsSync("/leader")) return false;
  writeFileSync("/leader", name);
  return true;
}

const setup = (): void => mkdirSync("/leading");

const check = async (): Promise<void> => {
  const leaders = await readdir("/leading");
  assert.equal(leaders.length, 1, `these lead: ${leaders.join(" and ")}`);
};

function lead(name: string): void {
  if (becomeLeader(name)) mkdirSync(`/leading/${name}`);
}

export default race({ setup, processes: { a: () => lead("a"), b: () => lead("b") }, check });

/** The kernel looks and creates in one step, for one of them. @returns whether this process leads */
function becomeLeaderAtOnce(name: string): boolean {
  try {
    writeFileSync("/leader", name, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function leadAlone(name: string): void {
  if (becomeLeaderAtOnce(name)) mkdirSync(`/leading/${name}`);
}

export const fixed = race({ setup, processes: { a: () => leadAlone("a"), b: () => leadAlone("b") }, check });

// What is done inside a lock, by the scenarios of packages: who is not alone there fails with EEXIST.

import { mkdirSync, rmdirSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";

const INSIDE = "/inside";

export async function beAlone(): Promise<void> {
  await mkdir(INSIDE);
  await rmdir(INSIDE);
}

export function beAloneSync(): void {
  mkdirSync(INSIDE);
  rmdirSync(INSIDE);
}

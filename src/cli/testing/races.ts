// Races to be explored by the command line.

/** Two withdraw from one balance without a lock: the second read may come before the first write. */
export const LOST_UPDATE = `
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

async function withdraw(amount: number): Promise<void> {
  const balance = Number(await readFile("/balance", "utf8"));
  await writeFile("/balance", String(balance - amount));
}

export default race({
  setup: () => writeFile("/balance", "100"),
  processes: { a: () => withdraw(30), b: () => withdraw(30) },
  check: async () => assert.equal(await readFile("/balance", "utf8"), "40"),
});
`;

/** The same with a guard: who comes second goes away. */
export const GUARDED = LOST_UPDATE.replace(
  "  const balance",
  '  if (!(await mkdir("/withdrawing").then(() => true, () => false))) return;\n  const balance',
)
  .replace("{ readFile,", "{ mkdir, readFile,")
  .replace('"40"', '"70"');

/** Three effects each, which never meet: one trace, and 6! / (3! * 3!) orders of it. */
export const APART = `
import { mkdir } from "node:fs/promises";
import { race } from "holdfast/explorer";

const three = async (name: string) => {
  for (const part of [1, 2, 3]) await mkdir("/" + name + part);
};
export default race({ processes: { a: () => three("a"), b: () => three("b") } });
`;

/** More orders than anybody can wait for: each of the five sees what the others did. */
export const ENDLESS = `
import { appendFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

const write = async (name: string) => {
  for (const part of [1, 2, 3, 4, 5, 6]) await appendFile("/log", name + part);
};
export default race({
  processes: { a: () => write("a"), b: () => write("b"), c: () => write("c"), d: () => write("d"), e: () => write("e") },
});
`;

/** A race with these parts, for scenarios that cannot be run. */
export function faulty(parts: string, before = ""): string {
  return `import { writeFile } from "node:fs/promises";\nimport { race } from "holdfast/explorer";\n${before}\nexport default race({ ${parts} });\n`;
}

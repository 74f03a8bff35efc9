// How simulated processes end, held against Node: what their handlers are told, in which order, and the exit code.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "../explore.ts";
import { programs } from "../testing/ending-programs.ts";

const PROGRAMS = fileURLToPath(new URL("../testing/ending-programs.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "holdfast-ending-"));
after(() => rmSync(folder, { recursive: true }));

const SIGNALLED = new Set(["ended", "signalledOnce", "stoppedListening"]);

interface Ended {
  readonly log: string;
  /** "failed": by an error that nobody caught. */
  readonly how: "failed" | "signal" | number;
}

function underNode(name: string): Ended {
  const log = join(folder, `${name}.log`);
  writeFileSync(log, "");
  const env = { ...process.env, ENDING_LOG: log, ENDING_PROGRAM: name };
  const { status, signal, stderr } = spawnSync(process.execPath, [PROGRAMS], { env, encoding: "utf8" });
  // Whatever is thrown says "broken", and Node prints that.
  const how = signal !== null ? "signal" : stderr.includes("broken") ? "failed" : (status ?? Number.NaN);
  return { log: readFileSync(log, "utf8"), how };
}

async function simulated(name: string): Promise<Ended> {
  const file = join(folder, `${name}.race.ts`);
  writeFileSync(
    file,
    `import { readFileSync, writeFileSync } from "node:fs";
     import { race } from "holdfast/explorer";
     import { programs } from ${JSON.stringify(PROGRAMS)};
     const processes = { it: () => void programs[${JSON.stringify(name)}]() };
     const setup = () => writeFileSync("/log", "");
     export const failing = race({ setup, processes });
     export default race({ setup, processes, mayFail: true, check: () => { throw new Error(readFileSync("/log", "utf8")); } });`,
  );
  const { trace } = await inspect(file);
  const failed = (await inspect(file, { exported: "failing" })).trace?.violation;
  const code = /exited with code (\d+)/.exec(failed?.message ?? "")?.[1];
  // Signals that end a process are no failure, and no handler hears of them.
  const quietly = SIGNALLED.has(name) ? "signal" : 0;
  const how = failed === undefined ? quietly : code === undefined ? "failed" : Number(code);
  return { log: trace?.violation.message ?? "", how };
}

for (const name of Object.keys(programs)) {
  test(`A process that ends so ends as under Node: ${name}`, async () => {
    assert.deepEqual(await simulated(name), underNode(name));
  });
}

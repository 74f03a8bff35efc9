// The same as schedules.slow.test.ts for synchronous calls: with a thread for each process, the traces stand for each
// order of steps, once, and the disk is left in each state that it can be left in.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Lots } from "../program/lots.ts";
import { Bounded } from "../search/bounded.ts";
import { Exhaustive } from "../search/exhaustive.ts";
import { InThreads } from "./in-threads.ts";
import { targetOf } from "./target.ts";
import { searching } from "./testing/random-scenarios.ts";
import { allSchedules, coveredSchedules } from "./testing/schedules.ts";

const SCENARIOS = 30;
const MAX_SCHEDULES = 1500;
const CALLS = [
  `fs.mkdirSync("$")`,
  `fs.rmdirSync("$")`,
  `fs.unlinkSync("$")`,
  `fs.existsSync("$")`,
  `fs.readdirSync("/")`,
  `fs.closeSync(fs.openSync("$", "wx"))`,
  `fs.appendFileSync("$", "1")`,
  `fs.readFileSync("$")`,
  `fs.renameSync("$", "/z")`,
  `fs.linkSync("$", "/z")`,
  `void fs.promises.mkdir("$").catch(() => undefined)`,
  `setTimeout(() => fs.mkdirSync("$"), 10)`,
];

/** Two or three processes of one to three calls. */
function sourceOf(seed: number): string {
  const lots = new Lots(seed);
  const pick = (from: readonly string[]): string => from[lots.below(from.length)] as string;
  const count = lots.below(3) === 0 ? 3 : 2;
  const processes = Array.from({ length: count }, (_, index) => {
    const calls = Array.from({ length: 1 + lots.below(count === 3 ? 2 : 3) }, () => {
      return `attempt(() => ${pick(CALLS).replace("$", pick(["/x", "/y"]))});`;
    });
    return `p${index}: () => { ${calls.join(" ")} },`;
  });
  return `import * as fs from "node:fs";
import { race } from "holdfast/explorer";
const attempt = (work) => { try { work(); } catch {} };
export default race({ mayFail: true, processes: { ${processes.join("\n")} } });
`;
}

test(`RACE-04 RACE-02 ${SCENARIOS} random scenarios of synchronous calls are searched as brute force does`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-sync-"));
  try {
    let compared = 0;
    for (let seed = 1; compared < SCENARIOS; seed++) {
      const file = join(folder, `${seed}.race.mjs`);
      await writeFile(file, sourceOf(seed));
      const system = new InThreads(targetOf(file, {}), { crashes: seed % 4 === 0 ? 1 : 0 });
      try {
        const all = await searching(() => allSchedules(system, MAX_SCHEDULES));
        if (all === undefined) continue;
        const { schedules, twice } = await searching(() => coveredSchedules(system));
        const missed = [...all].filter((one) => !schedules.has(one));
        const impossible = [...schedules].filter((one) => !all.has(one));
        const none = { missed: [], impossible: [], twice: [] };
        assert.deepEqual({ missed, impossible, twice }, none, sourceOf(seed));
        const [reduced, brute] = [new Exhaustive(system, { maxSteps: 200 }), new Bounded(system, { maxSteps: 200 })];
        assert.deepEqual(await endsOf(system, reduced), await endsOf(system, brute), sourceOf(seed));
        compared += 1;
      } finally {
        system.dispose();
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function endsOf(system: InThreads, search: Exhaustive | Bounded): Promise<string[]> {
  const ends = new Set<string>();
  await searching(() => {
    while (!search.done) if (search.run() !== "redundant") ends.add(JSON.stringify(system.world?.disk.dump()));
  });
  return [...ends].sort();
}

// Random scenarios of synchronous calls and of waits that are called off, and how what a search covers of them compares with all
// there is.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RaceOptions } from "../../options.ts";
import { Lots } from "../../program/lots.ts";
import { InThreads } from "../in-threads.ts";
import { targetOf } from "../target.ts";
import { searching } from "./random-scenarios.ts";
import { allSchedules, coveredSchedules } from "./schedules.ts";

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

/** What goes on later, and may be called off: where a process stands in calls, it comes before them all or after. */
const WAITS = [
  `setTimeout(() => attempt(() => #), 40)`,
  `setTimeout(() => attempt(() => #), 120)`,
  `setTimeout(() => attempt(() => #), 250)`,
  `setImmediate(() => attempt(() => #))`,
  `const watcher = fs.watch("/", () => { watcher.close(); attempt(() => #); })`,
  `const timer = setTimeout(() => { watcher.close(); attempt(() => #); }, 40);
   const watcher = fs.watch("/", () => { watcher.close(); clearTimeout(timer); attempt(() => #); })`,
  `const timer = setTimeout(() => watcher.close(), 120);
   const watcher = fs.watch("/", () => { attempt(() => #); watcher.close(); clearTimeout(timer); })`,
  `const timer = setTimeout(() => attempt(() => #), 40);
   fs.promises.access("$").then(() => { attempt(() => #); clearTimeout(timer); }, () => attempt(() => #))`,
  `process.once("SIGTERM", () => attempt(() => #)); setTimeout(() => undefined, 40)`,
  `process.kill(1010, "SIGTERM")`,
];

/** Two or three processes of one to three calls, and of what they wait for. */
export function sourceOf(seed: number): string {
  const lots = new Lots(seed);
  const pick = (from: readonly string[]): string => from[lots.below(from.length)] as string;
  const count = lots.below(3) === 0 ? 3 : 2;
  const call = (): string => {
    const drawn = lots.below(3) === 0 ? pick(WAITS) : pick(CALLS);
    return drawn.replaceAll("#", () => pick(CALLS)).replaceAll("$", () => pick(["/x", "/y"]));
  };
  const processes = Array.from({ length: count }, (_, index) => {
    const most = count === 3 ? 2 : 3;
    const calls = Array.from({ length: 1 + lots.below(most) }, () => `attempt(() => { ${call()}; });`);
    return `p${index}: () => { ${calls.join("\n")} },`;
  });
  return `import * as fs from "node:fs";
import { race } from "holdfast/explorer";
const attempt = (work) => { try { work(); } catch {} };
export default race({ mayFail: true, processes: { ${processes.join("\n")} } });
`;
}

export interface Compared {
  /** Orders of steps that the search left out, that nobody can bring about, and that two traces stand for. */
  readonly missed: readonly string[];
  readonly impossible: readonly string[];
  readonly twice: readonly string[];
  /** Runs: of all orders, and of the traces. */
  readonly brute: number;
  readonly reduced: number;
}

/** Of eight scenarios in a row, two have a crash, one a stall, and one a power loss. */
const FAULTS: readonly RaceOptions[] = [
  { crashes: 1 },
  {},
  {},
  { stalls: 1 },
  { crashes: 1, restart: "always" },
  {},
  { powerLoss: true },
  {},
];

/** Undefined when there are more than `most` orders. */
export async function compareCalls(seed: number, most: number): Promise<Compared | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-calls-"));
  const file = join(folder, `${seed}.race.mjs`);
  await writeFile(file, sourceOf(seed));
  const system = new InThreads(targetOf(file, {}), FAULTS[seed % FAULTS.length] as RaceOptions);
  try {
    const all = await searching(() => allSchedules(system, most));
    if (all === undefined) return undefined;
    const { schedules, twice, traces } = await searching(() => coveredSchedules(system));
    return {
      missed: [...all].filter((one) => !schedules.has(one)),
      impossible: [...schedules].filter((one) => !all.has(one)),
      twice,
      brute: all.size,
      reduced: traces,
    };
  } finally {
    system.dispose();
    await rm(folder, { recursive: true });
  }
}

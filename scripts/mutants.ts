// npm run mutants [-- NAME...]: takes each guard out of a copy of the shipped source in turn, and fails unless the explorer
// finds a violation. Names are parts of guards' names; none: all.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect, lanes } from "../src/explorer/index.ts";
import { GUARDS, type Guard } from "./guards.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const BUDGET = "300s";

/** The source with one guard missing, as a folder; the scenario in it is explored like any other. */
function withoutGuard({ file, from, to, also }: Guard): string {
  const copy = mkdtempSync(join(tmpdir(), "holdfast-mutant-"));
  cpSync(join(root, "src"), join(copy, "src"), { recursive: true });
  cpSync(join(root, "package.json"), join(copy, "package.json"));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const text = readFileSync(join(copy, file), "utf8");
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly once: ${from}`);
  writeFileSync(
    join(copy, file),
    text.replace(from, () => to).replace(also?.[0] ?? "", () => also?.[1] ?? ""),
  );
  return copy;
}

const wanted = process.argv.slice(2);
const whole = new Set(GUARDS.map(({ guard }) => guard));
const guards = GUARDS.filter(
  ({ guard }) =>
    wanted.length === 0 || wanted.some((name) => guard === name || (!whole.has(name) && guard.includes(name))),
);
if (guards.length === 0) {
  console.error(
    `no guard is called ${wanted.join(", ")}; there are:\n${GUARDS.map(({ guard }) => `  ${guard}`).join("\n")}`,
  );
  process.exit(2);
}
let missed = 0;
for (const guard of guards) {
  const copy = withoutGuard(guard);
  try {
    const { scenario, exported, preemptions } = guard;
    const report = await inspect(join(copy, scenario), {
      budget: BUDGET,
      ...(exported !== undefined && { exported }),
      ...(preemptions !== undefined && { preemptions }),
    });
    const seconds = (report.elapsedMs / 1000).toFixed(1);
    if (report.trace === undefined) {
      missed += 1;
      console.log(
        `MISSED  ${guard.guard}: ${report.verdict} after ${report.runs} runs, ${seconds} s (${guard.scenario})`,
      );
    } else {
      const { preemptions, steps, violation } = report.trace;
      const what = violation.message.split("\n")[0];
      console.log(
        `found   ${guard.guard}: ${report.runs} runs, ${seconds} s; ${steps.length} steps, ${preemptions} preempted: ${what}`,
      );
      if (process.env.HOLDFAST_LANES !== undefined) console.log(lanes(report.trace));
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
process.exitCode = missed > 0 ? 1 : 0;

// Whether the same choices give the same run: what is not so cannot be searched, and not be replayed.

import { resourceName } from "../footprint.ts";
import { ScenarioError } from "../scenario-error.ts";
import { itemOf } from "../search/system.ts";
import type { WorldItem } from "../world/process.ts";
import type { World } from "../world/world.ts";
import type { ScenarioSystem } from "./in-thread.ts";
import type { Found } from "./shrink.ts";
import { callText, outcomeText } from "./wording.ts";

/** Which runs are made twice: the first, and ever fewer. */
const SAMPLED: ReadonlySet<number> = new Set([1, 2, 10, 100, 1000, 10_000]);

export function isSampled(run: number): boolean {
  return SAMPLED.has(run);
}

/** Makes a run twice more, the second time without anything that is remembered. Returns what differed, for people. */
export function differenceOf(system: ScenarioSystem, choices: readonly number[]): string | undefined {
  const first = linesOf(system, choices);
  const stack = system.world?.violation?.stack;
  system.forget();
  const second = linesOf(system, choices);
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    const [one, other] = [first[at] ?? "the end", second[at] ?? "the end"];
    if (one === other) continue;
    const verdicts = at === first.length - 1 && at === second.length - 1;
    if (verdicts && /^check /m.test(`${one}\n${other}`))
      throw flaky(`once ${one}, then ${other}`, stack ?? system.world?.violation?.stack);
    // What was touched is told only where it is all that differs.
    const [shortOne, shortOther] = [one, other].map((line) => line.replace(/ \[.*\]$/, ""));
    return shortOne === shortOther ? `once ${one}, then ${other}` : `once ${shortOne}, then ${shortOther}`;
  }
  return undefined;
}

/** What was wrong with a run that was the same otherwise. */
function flaky(difference: string, stack: string | undefined): ScenarioError {
  return new ScenarioError(`the check is not deterministic: of two runs that were the same, ${difference}`, {
    hint: "What it looks at must be in files, or in its own process: nothing else is the same in every run.",
    cause: stack,
  });
}

/** All that can be seen of a run: its steps, what they touched, and the disk and the verdict at its end. */
function linesOf(system: ScenarioSystem, choices: readonly number[]): string[] {
  const lines: string[] = [];
  const world = system.begin() as World;
  world.observer = {
    happening(item, process) {
      const call = `${process?.name ?? ""}: ${callText(item, process)}`;
      return (outcome, touched) => {
        const names = touched.map((touch) => `${touch < 0 ? "all" : resourceName(touch >> 2)}/${touch & 3}`);
        lines.push(`${call} -> ${outcomeText(item, outcome).text} [${names.join()}]`);
      };
    },
  };
  try {
    for (const id of choices) {
      const item = itemOf(world.enabled(), id) as WorldItem | undefined;
      if (item === undefined) break;
      world.perform(item);
    }
    world.observer = undefined;
    for (const inode of world.disk.dump()) lines.push(JSON.stringify(inode));
    world.finish();
    lines.push(`${world.violation?.kind ?? "nothing was wrong"} ${world.violation?.message ?? ""}`.trim());
  } finally {
    world.close();
  }
  return lines;
}

/** The finding that a run was not the same again. */
export function nondeterminism(difference: string): Found {
  const message = `the same choices did not give the same run: ${difference}. What the programs do depends on something outside the scenario`;
  return { choices: [], violation: { kind: "nondeterminism", process: "", message } };
}

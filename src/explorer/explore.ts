// `explore`: the explorer as a function, for tests and programs.

import { fileURLToPath } from "node:url";
import { search } from "./engine/explore.ts";
import { RaceViolated, type Report } from "./engine/report.ts";
import { targetOf } from "./engine/target.ts";
import type { ExploreOptions, Target } from "./engine/terms.ts";
import type { DefinedRace } from "./race.ts";
import { lanes } from "./telling/lanes.ts";

/** A race, or the file that exports one: a path or a `file:` URL. */
export type Explorable = DefinedRace | string | URL;

/**
 * Explores a race until every interleaving that can matter was run, the budget is spent, or a violation is found.
 * Options given here go before those of the race.
 *
 * @returns what was found out; the verdict is `proved` or `bounded`
 * @throws RaceViolated with the trace of the violation: one call is a test
 * @throws ScenarioError when the scenario itself cannot be run as it stands
 */
export async function explore(what: Explorable, options: ExploreOptions = {}): Promise<Report> {
  const report = await inspect(what, options);
  if (report.trace === undefined) return report;
  const { trace } = report;
  throw new RaceViolated(lanes(trace), report);
}

/** As `explore`, but a violation is a report like the others, with a trace. */
export async function inspect(what: Explorable, options: ExploreOptions = {}): Promise<Report> {
  const target: Target = targetOf(what instanceof URL ? fileURLToPath(what) : what, options);
  return await search(target, options);
}

// What `import ... from "holdfast/explorer"` gives to the code of a scenario.

import * as histories from "../history/index.ts";
import { raceInScenario } from "../race.ts";
import { ScenarioError } from "../scenario-error.ts";

/** A race file may explore itself when it is run as a test; loaded by the explorer, it must not. */
const never = () => new Promise<never>(() => undefined);

export const scenarioFace: Record<string, unknown> = {
  ...histories,
  race: raceInScenario,
  explore: never,
  inspect: never,
  replay: never,
  ScenarioError,
};

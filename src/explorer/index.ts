// holdfast/explorer: finds races in unmodified code, proves their absence within bounds, and replays what it found.

export { type Replayed, replay } from "./engine/replay.ts";
export { RaceViolated, type Report, type Verdict } from "./engine/report.ts";
export type { ExploreOptions, Progress } from "./engine/terms.ts";
export { type Explorable, explore, inspect } from "./explore.ts";
export {
  assertLinearizable,
  type History,
  history,
  linearizable,
  listAppend,
  type Model,
  NotLinearizable,
  type Operation,
  queue,
  register,
  set,
} from "./history/index.ts";
export type { NetworkFaults, RaceOptions, Strategy } from "./options.ts";
export { type Handler, type Serve, type Server, serve } from "./program/serve.ts";
export { type DefinedRace, type Race, race } from "./race.ts";
export { ScenarioError } from "./scenario-error.ts";
export { html, lanes, losingWindow, sentence, steps } from "./telling/index.ts";
export type { Step, Trace, Violation } from "./trace.ts";

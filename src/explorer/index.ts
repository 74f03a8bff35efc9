// holdfast/explorer: finds races in unmodified code, proves their absence within bounds, and replays what it found.

export type { ExploreOptions, Progress } from "./engine/explore.ts";
export { type Replayed, replay } from "./engine/replay.ts";
export { RaceViolated, type Report, type Verdict } from "./engine/report.ts";
export { type Explorable, explore, inspect } from "./explore.ts";
export type { NetworkFaults, RaceOptions, Strategy } from "./options.ts";
export { type DefinedRace, type Race, race } from "./race.ts";
export { ScenarioError } from "./scenario-error.ts";
export { html } from "./telling/html.ts";
export { lanes } from "./telling/lanes.ts";
export { sentence } from "./telling/sentence.ts";
export type { Step, Trace, Violation } from "./trace.ts";

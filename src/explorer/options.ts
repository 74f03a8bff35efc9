// The bounds of a search: the same on `race({...})`, on `explore(race, {...})` and on the command line.

export type Strategy = "exhaustive" | "pct" | "random";

/** What the network between the scenario's processes may do to messages, each so many times in one run. */
export interface NetworkFaults {
  readonly drop?: number;
  readonly double?: number;
  readonly delay?: number;
  readonly reset?: number;
  readonly partition?: number;
}

export interface RaceOptions {
  /** Processes killed in one run, each at any effect, and started again. */
  readonly crashes?: number;
  /** Whether a process that was killed runs again. `"maybe"` (the default): both are tried. */
  readonly restart?: "maybe" | "always" | "never";
  /** A process that is started again has the pid that it had, as in a container. Default: a new one. */
  readonly reusePids?: boolean;
  /** Processes that stand still for longer than any lease, in one run. */
  readonly stalls?: number;
  /** Once in a run all processes die, and of what was not flushed to disk any part is lost. */
  readonly powerLoss?: boolean;
  readonly network?: NetworkFaults;
  /** Fresh modules for every process in every run. Default true. */
  readonly isolate?: boolean;
  readonly strategy?: Strategy;
  /** At most so many switches away from a process that could go on. Default: no bound. */
  readonly preemptions?: number;
  /** `"60s"`, `"500ms"`, `"10m"`, or a number of runs. */
  readonly budget?: string | number;
  /** For the strategies that draw lots, and for what the programs draw. */
  readonly seed?: number;
}

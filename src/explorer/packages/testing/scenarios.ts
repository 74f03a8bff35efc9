// The scenarios over packages, and what each is expected to show.

import type { Verdict } from "../../engine/report.ts";

export interface PackageScenario {
  readonly package: string;
  /** The version that the scenario is about. */
  readonly version: string;
  /** The export of `PACKAGE.race.ts`. */
  readonly exported: string;
  /** What happens in it, for the table of docs/explorer.md. */
  readonly situation: string;
  readonly verdict: Verdict;
  /** Whether the package's pages promise that it holds. */
  readonly promised: boolean;
}

/** @returns a scenario of the package in which all is well */
function holds(name: string, version: string, exported: string, situation: string): PackageScenario {
  return { package: name, version, exported, situation, verdict: "proved", promised: true };
}

/** @returns a scenario in which a promise of the package is broken */
function breaks(name: string, version: string, exported: string, situation: string): PackageScenario {
  return { package: name, version, exported, situation, verdict: "violated", promised: true };
}

/** @returns a scenario in which something goes wrong that the package does not speak of */
function unpromised(name: string, version: string, exported: string, situation: string): PackageScenario {
  return { package: name, version, exported, situation, verdict: "violated", promised: false };
}

export const PACKAGE_SCENARIOS: readonly PackageScenario[] = [
  breaks("proper-lockfile", "4.1.2", "staleLock", "two processes come to a stale lock"),
  holds("proper-lockfile", "4.1.2", "freshLock", "three processes want a lock that nobody has held"),
  holds("lockfile", "1.0.4", "staleLock", "two processes come to a stale lock"),
  breaks("lockfile", "1.0.4", "staleLockSync", "the same with `lockSync`"),
  breaks("cross-process-lock", "2.2.0", "freshLock", "two processes want a lock that nobody has held"),
  holds("write-file-atomic", "7.0.1", "readers", "two write a file, one reads it"),
  holds("write-file-atomic", "7.0.1", "killed", "two write a file, either may be killed"),
  holds("write-file-atomic", "7.0.1", "powerLoss", "the power goes while one writes"),
  holds("steno", "4.0.2", "killed", "one writes a file twice, one reads it, either may be killed"),
  unpromised("steno", "4.0.2", "twoProcesses", "two processes write a file"),
  unpromised("steno", "4.0.2", "powerLoss", "the power goes while one writes"),
  breaks("fs-extra", "11.4.1", "move", "two processes `move` a file each to one place, without `overwrite`"),
  holds("fs-extra", "11.4.1", "outputFile", "two processes write files into a folder that is not there yet"),
  holds("mkdirp", "3.0.1", "commonParents", "two processes make folders with parents in common"),
];

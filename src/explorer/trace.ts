// One run, written down: what is shrunk, drawn, told in a sentence, and run again by `holdfast replay`.

import type { RaceOptions } from "./options.ts";

export const TRACE_FORMAT = "holdfast-trace";
export const TRACE_VERSION = 1;

/** What a step was. `start` is a process beginning to run; `end` is the end of a run in which
 * one that was killed is not started again. */
export type StepKind =
  | "start"
  | "effect"
  | "timer"
  | "notice"
  | "message"
  | "signal"
  | "crash"
  | "restart"
  | "power-loss"
  | "stall"
  | "resume"
  | "network"
  | "end";

/** A resource by its name, and how it was touched. */
export interface TouchedResource {
  /** As people would say it: `/lock`, `content of /balance`, `clock`. */
  readonly what: string;
  readonly access: "read" | "add" | "write";
}

export interface Step {
  /** From 1. */
  readonly number: number;
  readonly kind: StepKind;
  /** The scenario's name of the process; "" for what happens to all (power loss). */
  readonly process: string;
  /** What the search chose: stable from run to run, `a.3`. */
  readonly choice: string;
  /** `mkdir /lock`, `timer 50 ms`, `killed`. */
  readonly call: string;
  /** `ok`, an error code, or a short form of what came back: `"100"`, `fd 3`, `2 names`. */
  readonly outcome: string;
  readonly failed: boolean;
  /** Simulated time since the start of the run, ms. */
  readonly atMs: number;
  readonly touched: readonly TouchedResource[];
  /** Where the program asked for it: `balance.race.ts:12:20`. */
  readonly site?: string;
}

export type ViolationKind =
  | "check"
  | "rejection"
  | "exception"
  | "deadlock"
  | "left-held"
  | "unbounded"
  | "nondeterminism"
  | "exit-code";

export interface Violation {
  readonly kind: ViolationKind;
  /** The process it happened in; "" for the check. */
  readonly process: string;
  readonly message: string;
  readonly stack?: string;
}

export interface Trace {
  readonly format: typeof TRACE_FORMAT;
  readonly version: typeof TRACE_VERSION;
  /** Absolute path of the scenario's file; absent for a race that was given as an object. */
  readonly file?: string;
  /** The name of the export that holds the race. */
  readonly exported?: string;
  readonly options: RaceOptions;
  readonly violation: Violation;
  readonly steps: readonly Step[];
  /** Switches from one process to another, between consecutive steps. */
  readonly switches: number;
  /** Switches away from a process that could have gone on. */
  readonly preemptions: number;
}

// What a world needs of those who run programs in it, and why a run in it may come to nothing.

import type { Call } from "../disk/calls.ts";
import type { Touched } from "../footprint.ts";
import type { Failure, Inbox, Port } from "./port.ts";
import type { SimulatedProcess, WorldItem } from "./process.ts";
import type { World } from "./world.ts";

/** Synchronous calls meet each other in this scenario: its processes need threads of their own. */
export class NeedsThreads extends Error {
  override name = "NeedsThreads";
}

/** The scenario itself is at fault, or the explorer cannot do what it asks for. */
export class Refused extends Error {
  override name = "Refused";
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export interface Answer {
  readonly fault?: unknown;
  readonly result?: unknown;
}

/** Answers calls beside those on files: `kill`, `fetch`, SQLite. Undefined: not its call. */
export interface Service {
  perform(process: SimulatedProcess, call: Call, token: number): Answer | "later" | undefined;
  /** The process does not want to know any more what comes of a call. */
  cancelled?(process: SimulatedProcess, token: number): void;
  /** What nothing makes happen, and that can happen now. */
  addFaults?(enabled: WorldItem[]): void;
  /** All that it still does is wait for others to want something of it: no deadlock. */
  idles?(process: SimulatedProcess): boolean;
  /** The process is gone: what it held open is let go. */
  ended(process: SimulatedProcess): void;
  /** The run is over. */
  dispose?(): void;
}

export type StartProgram = (process: SimulatedProcess, port: Port) => Inbox;

/** Hears what happened, for traces. */
export interface Observer {
  /** Before it happens; what is returned is called afterwards. */
  happening(
    item: WorldItem,
    process: SimulatedProcess | undefined,
    world: World,
  ): (outcome: unknown, touched: Touched) => void;
}

export interface Host {
  /** Whether synchronous calls are waited for in threads of their own. */
  readonly threaded: boolean;
  readonly start: StartProgram;
  /** Judges the run once nothing more can happen. */
  finish(world: World): void;
  mayFail(process: string): boolean;
}

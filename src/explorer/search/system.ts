// What a search sees of a scenario: choices, and what each of them touched.

import { resource, type Touched } from "../footprint.ts";

/**
 * Who is waited for. Every item with `dueMs` reads this: it happens only when nobody would be kept waiting for too long, and so
 * it does not commute with what changes who that is other than by doing what was waited for: a process is killed, stands
 * still, is started again.
 */
export const WAITED_FOR = resource("who is waited for");

/** Something that can happen next: one pending effect, timer, fault. It happens at most once in a run. */
export interface Item {
  /** Names it, the same in every run in which its process has gone the same way so far. */
  readonly id: number;
  /** All that happens in one process is seen by that process: its items never commute. -1: belongs to none. */
  readonly process: number;
  /** Position of the event that brought it about; -1 when it was there from the beginning. */
  readonly bornAt: number;
  /** Nothing makes it happen: it is tried at every point where it can (a crash, a lost message). */
  readonly fault: boolean;
  /** It may as well never happen: tried after all that must, so that the end of the run without it is tried, too. */
  readonly optional?: boolean;
  /** Its process stands still for it: from the event that brought it about on, nothing else of that process can happen. */
  readonly standing?: boolean;
  /** It may happen while its process stands still: a signal that ends it. */
  readonly interrupts?: boolean;
  /** A timer happens at this time, and not while anything is pending that has waited for too long by then. */
  readonly dueMs?: number;
  /** Until when it may be kept waiting. */
  readonly patienceMs?: number;
}

/** An item that was pending when an event took it away: a cleared timer, what a process that ended still had open. */
export interface Cancelled {
  readonly item: Item;
  readonly byEvent: number;
}

/** One run of the scenario. */
export interface Execution {
  /** What may happen next, in an order that depends on the run so far only. Empty: the run is over. */
  enabled(): readonly Item[];
  /** Lets it happen and everything in its process that follows without another effect. */
  perform(item: Item): Touched;
  /** What was taken away before it happened, so far. */
  readonly cancelled: readonly Cancelled[];
  /** After the last choice: what is to be said of the run. A run that was cut off is closed without. */
  finish(): void;
  close(): void;
}

export interface System {
  begin(): Execution;
}

/** The programs did not do again what they had done before the same choices: nothing can be concluded from such runs. */
export class Diverged extends Error {
  override name = "Diverged";
  readonly position: number;
  constructor(position: number, what: string) {
    super(what);
    this.position = position;
  }
}

export function itemOf(items: readonly Item[], id: number): Item | undefined {
  for (const item of items) if (item.id === id) return item;
  return undefined;
}

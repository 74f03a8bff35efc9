// What passes between a program (the code of one simulated process) and the world it runs in. Both directions are plain
// data and calls without answers, but for `now`, so that a program may live in another thread than the world.

import type { Call, WatchNotice } from "../disk/calls.ts";
import type { PlainData } from "../history/model.ts";
import type { NotedEvent } from "../history/notes.ts";
import type { ViolationKind } from "../trace.ts";

/** An error of the program, as it can be shown and passed on. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** From the program to the world. Tokens are given by the program, in order, from 1. */
export interface Port {
  /** An effect to be performed when the search chooses it; `Inbox.settle` tells what came of it. */
  later(token: number, call: Call, site: string | undefined): void;
  /** An effect that the program stands still for. Throws the fault. */
  now(token: number, call: Call, site: string | undefined): unknown;
  timer(token: number, delayMs: number, held: boolean): void;
  immediate(token: number, held: boolean): void;
  /** Something that keeps the process alive and is not an effect, such as a watch. */
  hold(token: number): void;
  /** Whether this keeps the process alive: `ref` and `unref`. */
  held(token: number, held: boolean): void;
  /** Whether the program has handlers for a signal. */
  listens(signal: string, listens: boolean): void;
  /** Takes back a timer, an immediate or a hold. */
  cancel(token: number): void;
  clock(): number;
  /** Something for a history: when an operation was called, or came back. */
  note(history: string, kind: NotedEvent["kind"], record: PlainData): void;
  /** All that was noted so far for a history, by all processes. */
  noted(history: string): readonly NotedEvent[];
  /** The process's function has returned, or its promise has been fulfilled. */
  settled(): void;
  /** The program has failed; its handlers of `exit` run now, and then it is `failed`. */
  failing(kind: ViolationKind, failure: Failure): void;
  /** The program failed, and with that the process ends. */
  failed(kind: ViolationKind, failure: Failure): void;
  exited(code: number): void;
  /** The program reached for something that is not simulated: no finding can be trusted from here on. */
  refused(failure: Failure): void;
}

/** From the world to the program; returns when the program has nothing more to do by itself. */
export interface Inbox {
  start(): void;
  settle(token: number, fault: unknown, result: unknown): void;
  fire(token: number): void;
  notice(notice: WatchNotice): void;
  signal(name: string): void;
  /** Nothing keeps the process alive: handlers of `beforeExit` run, and if they ask for nothing those of `exit`. */
  leave(): void;
  /** Still nothing does: handlers of `exit` run, and then it is over. */
  quit(): void;
  /** The process is dead, whatever it stands in. */
  drop?(): void;
}

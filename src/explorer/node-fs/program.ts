// What a function of `node:fs` does, written once: a program yields system calls and gets their results. Three drivers
// run one: for a promise, for a callback, and standing still (`...Sync`).
//
// A program checks its arguments before its first call, so that all drivers check at the call of the function, as Node does.

import { type Call, type FileCallName, type FileCalls, SystemFault } from "../disk/calls.ts";
import type { Current, Effects } from "../effects.ts";
import { AbortError, Failed, nodeError } from "./node-error.ts";

/** Programs that run beside each other; ends when all have, or with the first failure. */
export class Together {
  readonly programs: readonly Program<unknown>[];
  constructor(programs: readonly Program<unknown>[]) {
    this.programs = programs;
  }
}

/** Something the caller gave that takes its time: a promise of a filter, of a piece of data. Not possible in `...Sync`. */
export class Awaited {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Something that is known at once and is no effect: the clock. */
export class Asked {
  readonly question: (effects: Effects) => unknown;
  constructor(question: (effects: Effects) => unknown) {
    this.question = question;
  }
}

type Step = Call | Together | Awaited | Asked;

export type Program<T> = Generator<Step, T, unknown>;

/** Makes one system call. A fault arrives as a thrown `Failed`. */
export function* call<N extends FileCallName>(op: N, ...args: FileCalls[N]["args"]): Program<FileCalls[N]["result"]> {
  return (yield { op, args }) as FileCalls[N]["result"];
}

export function* together(programs: readonly Program<unknown>[]): Program<void> {
  if (programs.length > 0) yield new Together(programs);
}

export function* awaited<T>(value: T): Program<Awaited$<T>> {
  return (yield new Awaited(value)) as Awaited$<T>;
}
type Awaited$<T> = globalThis.Awaited<T>;

export function* clock(): Program<number> {
  return (yield new Asked((effects) => effects.clock())) as number;
}

/** Runs `body`, then `last`, also when `body` fails; of two failures the first is told. */
export function* ensuring<T>(body: Program<T>, last: () => Program<unknown>): Program<T> {
  let result: T;
  try {
    result = yield* body;
  } catch (failure) {
    try {
      yield* last();
    } catch (second) {
      // What went wrong first matters more, unless it is all over: a process that has ended does not go on.
      if (!(second instanceof Failed)) throw second;
    }
    throw failure;
  }
  yield* last();
  return result;
}

type Turn = IteratorResult<Step, unknown>;
type Done = (error: unknown, value?: unknown) => void;

/** Goes on from `turn` to the end; `done` is called once, never before this returns unless no call was left to make. */
function goOn(effects: Effects, program: Program<unknown>, first: Turn, done: Done): void {
  let turn = first;
  let asked: Call | undefined;

  const settled = (fault: unknown, result?: unknown): void => {
    try {
      turn =
        fault === undefined || fault === null ? program.next(result) : program.throw(explained(fault, asked as Call));
    } catch (error) {
      done(error);
      return;
    }
    proceed();
  };

  const proceed = (): void => {
    while (!turn.done) {
      const step: Step = turn.value;
      if ("op" in step) {
        asked = step;
        effects.later(step, settled);
        return;
      }
      if (step instanceof Together) {
        beside(effects, step.programs, settled);
        return;
      }
      if (step instanceof Awaited) {
        Promise.resolve(step.value).then((value) => settled(undefined, value), settled);
        return;
      }
      try {
        turn = program.next(step.question(effects));
      } catch (error) {
        done(error);
        return;
      }
    }
    done(undefined, turn.value);
  };

  proceed();
}

function explained(fault: unknown, asked: Call): unknown {
  return fault instanceof SystemFault ? new Failed(fault.code, asked) : fault;
}

function beside(effects: Effects, programs: readonly Program<unknown>[], settled: Done): void {
  let open = programs.length;
  let over = false;
  for (const program of programs) {
    start(effects, program, (error) => {
      if (over) return;
      open--;
      if (error === undefined && open > 0) return;
      over = true;
      settled(error);
    });
  }
}

function start(effects: Effects, program: Program<unknown>, done: Done): void {
  let turn: Turn;
  try {
    turn = program.next();
  } catch (error) {
    done(error);
    return;
  }
  goOn(effects, program, turn, done);
}

/** Runs a program; its first call is asked for before this returns. */
export async function asPromise<T>(current: Current, program: Program<T>): Promise<T> {
  try {
    const turn = program.next();
    if (turn.done) return turn.value;
    return await new Promise<T>((resolve, reject) => {
      goOn(current(), program, turn, (error, value) => {
        if (error === undefined) resolve(value as T);
        else reject(error);
      });
    });
  } catch (error) {
    // Made here, where the engine still knows who awaits, so that the stack names the line that asked.
    throw error instanceof Failed ? nodeError(error, asPromise) : error;
  }
}

export type Callback = (error: unknown, ...results: unknown[]) => void;

/** What a callback gets besides the error. */
export type Spread = (value: unknown) => unknown[];

const NOTHING: unknown[] = [];
const whole: Spread = (value) => (value === undefined ? NOTHING : [value]);

/**
 * Runs a program and then calls back, never before this returns. Wrong arguments are thrown.
 * `failed` is what the callback gets after an error, besides it.
 */
export function asCallback(
  current: Current,
  program: Program<unknown>,
  callback: Callback,
  spread: Spread = whole,
  failed: readonly unknown[] = NOTHING,
): void {
  let turn: Turn;
  try {
    turn = program.next();
  } catch (error) {
    if (error instanceof AbortError) callback(error);
    else if (error instanceof Failed) process.nextTick(callback, nodeError(error), ...failed);
    else throw error;
    return;
  }
  if (turn.done) {
    process.nextTick(callback, null, ...spread(turn.value));
    return;
  }
  goOn(current(), program, turn, (error, value) => {
    if (error === undefined) callback(null, ...spread(value));
    else callback(error instanceof Failed ? nodeError(error) : error, ...failed);
  });
}

/** Runs a program while the process stands still. Stack traces begin above `api`. */
export function standingStill<T>(current: Current, program: Program<T>, api: (...args: never[]) => unknown): T {
  try {
    return straight(current, program, program.next());
  } catch (error) {
    throw error instanceof Failed ? nodeError(error, api) : error;
  }
}

function straight<T>(current: Current, program: Program<T>, first: IteratorResult<Step, T>): T {
  let turn = first;
  if (turn.done) return turn.value;
  const effects = current();
  while (!turn.done) {
    const step: Step = turn.value;
    if ("op" in step) {
      let result: unknown;
      let fault: unknown;
      try {
        result = effects.now(step);
      } catch (thrown) {
        // The process is over, or the run is: nothing of the program goes on.
        if (!(thrown instanceof SystemFault)) throw thrown;
        fault = thrown;
      }
      turn = fault === undefined ? program.next(result) : program.throw(explained(fault, step));
    } else if (step instanceof Asked) {
      turn = program.next(step.question(effects));
    } else if (step instanceof Together) {
      turn = inTurn(current, program, step);
    } else {
      turn = program.next(step.value);
    }
  }
  return turn.value;
}

/** Standing still, there is nothing beside: one after the other. */
function inTurn<T>(current: Current, program: Program<T>, step: Together): IteratorResult<Step, T> {
  try {
    for (const each of step.programs) straight(current, each, each.next());
  } catch (failure) {
    return program.throw(failure);
  }
  return program.next();
}

// `Date`, `performance` and `AbortSignal.timeout` on simulated time.

import { notSimulated } from "./not-simulated.ts";
import type { CurrentProgram } from "./timers.ts";

/** What `performance.now()` counts from. */
export type Origin = () => number;

export function makeDate(current: CurrentProgram): DateConstructor {
  const now = (): number => current().clock();
  const Simulated = function (this: unknown, ...args: unknown[]): Date | string {
    if (new.target === undefined) return new Date(now()).toString();
    const given = args.length === 0 ? [now()] : args;
    return Reflect.construct(Date, given, new.target === Simulated ? Date : new.target) as Date;
  } as unknown as DateConstructor;
  Object.defineProperty(Simulated, "name", { value: "Date" });
  Object.defineProperty(Simulated, "length", { value: 7 });
  Object.defineProperty(Simulated, "prototype", { value: Date.prototype });
  return Object.assign(Simulated, { now, parse: Date.parse, UTC: Date.UTC });
}

export function makePerformance(current: CurrentProgram, originMs: number): typeof performance {
  const now = (): number => current().clock() - originMs;
  const replaced: Record<PropertyKey, unknown> = {
    now,
    timeOrigin: originMs,
    toJSON: () => ({ timeOrigin: originMs }),
    mark: (name: string) => ({ name, entryType: "mark", startTime: now(), duration: 0, detail: null }),
    measure: (name: string) => ({ name, entryType: "measure", startTime: 0, duration: now(), detail: null }),
  };
  return new Proxy(performance, {
    get: (target, name) => (name in replaced ? replaced[name] : Reflect.get(target, name, target)),
  });
}

/** The real class, but that its time-outs are simulated. */
export function makeAbortSignal(current: CurrentProgram): typeof AbortSignal {
  const timeout = (delayMs: number): AbortSignal => {
    const controller = new AbortController();
    const program = current();
    const token = program.timer(Math.max(1, Math.trunc(delayMs)), () =>
      controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
    );
    program.held(token, false);
    return controller.signal;
  };
  return new Proxy(AbortSignal, {
    get: (target, name) => (name === "timeout" ? timeout : Reflect.get(target, name, target)),
  });
}

/** A thread that sleeps by waiting for what nobody changes sleeps on simulated time. */
export function makeAtomics(current: CurrentProgram): typeof Atomics {
  const wait = (
    array: Int32Array | BigInt64Array,
    index: number,
    value: number | bigint,
    timeoutMs = Infinity,
  ): string => {
    if (array[index] !== value) return "not-equal";
    if (timeoutMs === Infinity) return current().refuse(notSimulated("Atomics.wait() without a time limit"));
    current().now({ op: "sleep", args: [Math.max(0, timeoutMs)] });
    return "timed-out";
  };
  const made = Object.create(Atomics) as typeof Atomics;
  for (const name of Object.getOwnPropertyNames(Atomics)) {
    Object.defineProperty(made, name, { value: Reflect.get(Atomics, name), writable: true });
  }
  Object.defineProperty(made, "wait", { value: wait });
  Object.defineProperty(made, "waitAsync", { value: () => current().refuse(notSimulated("Atomics.waitAsync()")) });
  return made;
}

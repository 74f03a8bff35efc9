// `setTimeout`, `setInterval`, `setImmediate`, `node:timers` and `node:timers/promises` on simulated time.

import { promisify } from "node:util";
import type { Program } from "./program.ts";

/** As in Node: a delay that is none, too small or too large is one millisecond. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export type CurrentProgram = () => Program;
type Callback = (...args: unknown[]) => void;

/** Node's `Timeout`: kept alive, refreshed, taken back, and a number where one is asked for. */
export class SimulatedTimeout {
  readonly #program: Program;
  readonly #callback: Callback;
  readonly #args: unknown[];
  readonly #delayMs: number;
  readonly #repeat: boolean;
  readonly #number: number;
  #token: number;
  #held = true;
  #open = true;

  constructor(program: Program, callback: Callback, delayMs: unknown, args: unknown[], repeat: boolean) {
    const delay = Number(delayMs);
    this.#program = program;
    this.#callback = callback;
    this.#args = args;
    this.#delayMs = delay >= 1 && delay <= MAX_DELAY_MS ? Math.trunc(delay) : 1;
    this.#repeat = repeat;
    this.#token = this.#set();
    this.#number = this.#token;
  }

  #set(): number {
    const token = this.#program.timer(this.#delayMs, () => this.#fire());
    if (!this.#held) this.#program.held(token, false);
    return token;
  }
  #fire(): void {
    if (!this.#repeat) this.#open = false;
    try {
      this.#callback(...this.#args);
    } finally {
      if (this.#repeat && this.#open) this.#token = this.#set();
    }
  }
  close(): this {
    this.#open = false;
    this.#program.cancel(this.#token);
    return this;
  }
  refresh(): this {
    this.#program.cancel(this.#token);
    this.#open = true;
    this.#token = this.#set();
    return this;
  }
  ref(): this {
    this.#held = true;
    this.#program.held(this.#token, true);
    return this;
  }
  unref(): this {
    this.#held = false;
    this.#program.held(this.#token, false);
    return this;
  }
  hasRef(): boolean {
    return this.#held;
  }
  /** A timer that was turned into a number can be cleared by it. */
  [Symbol.toPrimitive](): number {
    this.#program.numbered.set(this.#number, this);
    return this.#number;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

export class SimulatedImmediate {
  readonly #program: Program;
  readonly #token: number;
  #held = true;
  constructor(program: Program, callback: Callback, args: unknown[]) {
    this.#program = program;
    this.#token = program.immediate(() => callback(...args));
  }
  ref(): this {
    this.#held = true;
    this.#program.held(this.#token, true);
    return this;
  }
  unref(): this {
    this.#held = false;
    this.#program.held(this.#token, false);
    return this;
  }
  hasRef(): boolean {
    return this.#held;
  }
  close(): void {
    this.#program.cancel(this.#token);
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

function needsFunction(callback: unknown): asserts callback is Callback {
  if (typeof callback === "function") return;
  const error = new TypeError(`The "callback" argument must be of type function. Received ${typeof callback}`);
  throw Object.assign(error, { code: "ERR_INVALID_ARG_TYPE" });
}

function abortError(signal: AbortSignal): Error {
  return Object.assign(new Error("The operation was aborted", { cause: signal.reason }), {
    name: "AbortError",
    code: "ABORT_ERR",
  });
}

export interface TimerModules {
  readonly timers: Record<string, unknown>;
  readonly promises: Record<string, unknown>;
}

export function makeTimers(current: CurrentProgram): TimerModules {
  const arm = (callback: unknown, delayMs: unknown, args: unknown[], repeat: boolean): SimulatedTimeout => {
    needsFunction(callback);
    return new SimulatedTimeout(current(), callback, delayMs, args, repeat);
  };
  const setTimeout = (callback: unknown, delayMs?: unknown, ...args: unknown[]): SimulatedTimeout =>
    arm(callback, delayMs, args, false);
  const setInterval = (callback: unknown, delayMs?: unknown, ...args: unknown[]): SimulatedTimeout =>
    arm(callback, delayMs, args, true);
  const setImmediate = (callback: unknown, ...args: unknown[]): SimulatedImmediate => {
    needsFunction(callback);
    return new SimulatedImmediate(current(), callback, args);
  };
  const clear = (timer: unknown): void => {
    if (timer instanceof SimulatedTimeout || timer instanceof SimulatedImmediate) timer.close();
    else if (typeof timer === "number" || typeof timer === "string") current().numbered.get(Number(timer))?.close();
  };
  const waiting =
    (start: (done: () => void) => { close(): unknown; unref(): unknown }) =>
    (value: unknown, options: { signal?: AbortSignal; ref?: boolean } = {}): Promise<unknown> => {
      const { signal } = options;
      if (signal?.aborted === true) return Promise.reject(abortError(signal));
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          timer.close();
          reject(abortError(signal as AbortSignal));
        };
        const timer = start(() => {
          signal?.removeEventListener("abort", onAbort);
          resolve(value);
        });
        if (options.ref === false) timer.unref();
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    };
  const wait = (
    delayMs?: unknown,
    value?: unknown,
    options?: { signal?: AbortSignal; ref?: boolean },
  ): Promise<unknown> => waiting((done) => setTimeout(done, delayMs))(value, options);
  const turn = (value?: unknown, options?: { signal?: AbortSignal; ref?: boolean }): Promise<unknown> =>
    waiting((done) => setImmediate(done))(value, options);
  const promises = {
    setTimeout: wait,
    setImmediate: turn,
    async *setInterval(delayMs?: unknown, value?: unknown, options?: { signal?: AbortSignal; ref?: boolean }) {
      for (;;) yield await wait(delayMs, value, options);
    },
    scheduler: {
      wait: (delayMs: unknown, options?: { signal?: AbortSignal }) => wait(delayMs, undefined, options),
      yield: () => turn(),
    },
  };
  Object.defineProperty(setTimeout, promisify.custom, { value: wait, enumerable: true });
  Object.defineProperty(setImmediate, promisify.custom, { value: turn, enumerable: true });
  const timers = {
    setTimeout,
    clearTimeout: clear,
    setInterval,
    clearInterval: clear,
    setImmediate,
    clearImmediate: clear,
    promises,
  };
  return { timers, promises };
}

// The code of one simulated process: what it waits for, and what wakes it.

import type { Call, WatchNotice } from "../disk/calls.ts";
import type { Effects, Settle } from "../effects.ts";
import { scenarioErrorOf } from "../modules/load-failure.ts";
import type { ViolationKind } from "../trace.ts";
import type { Failure, Inbox, Port } from "../world/port.ts";
import { drain } from "./drain.ts";
import { failureOf } from "./failure.ts";
import { runningAs } from "./real-globals.ts";

/** Thrown by `process.exit`, so that nothing after it runs. Without a stack: collecting one costs more than all the rest. */
export class Exited extends Error {
  override name = "Exited";
  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super("the simulated process has exited");
    Error.stackTraceLimit = limit;
  }
}

/** A program that looks at the clock so often in one go waits for it to move. */
const MAX_CLOCK_READINGS = 10_000;

export type Main = () => unknown;
/** Runs code so that what it starts is known as this program's. */
export type Within = <T>(program: Program, run: () => T) => T;

export interface ProcessListeners {
  /** Nothing keeps it alive; it may find something to do. */
  leaving(): void;
  /** It ends, unless it is ending already; with which code is what it says to that. Zero is no error. */
  left(code?: number): number;
  signal(name: string): void;
  /** Returns whether anybody listened. */
  uncaught(error: unknown, kind: "exception" | "rejection"): boolean;
}

/** Whose program it is. */
export interface Identity {
  readonly name: string;
  readonly pid: number;
  /** No other life of any process has this number, as one may have the pid: what it draws by lot begins with it. */
  readonly life: number;
}

export class Program implements Effects, Inbox {
  /** While a run is recorded: the place in the code under test, from a stack. */
  static siteOf: ((stack: string) => string | undefined) | undefined;
  readonly name: string;
  readonly pid: number;
  readonly life: number;
  readonly port: Port;
  /** What the code has asked to be told of, through `process.on`. */
  listeners: ProcessListeners | undefined;
  cwd = "/";
  /** What its code knows as `process`, once it has looked. */
  process: NodeJS.Process | undefined;
  /** Timers that were turned into numbers. */
  readonly numbered = new Map<number, { close(): unknown }>();
  #main: Main | undefined;
  readonly #within: Within;
  readonly #waiting = new Map<number, Settle>();
  /** Those of them that are settled more than once. */
  readonly #lasting = new Set<number>();
  readonly #timers = new Map<number, () => void>();
  readonly #watches = new Map<number, (notice: WatchNotice) => void>();
  #tokens = 0;
  #readings = 0;
  #over = false;
  #abandoned = false;

  constructor({ name, pid, life }: Identity, port: Port, within: Within) {
    this.name = name;
    this.pid = pid;
    this.life = life;
    this.port = port;
    this.#within = within;
  }

  /** What it runs; set once its modules are there. */
  set main(main: Main) {
    this.#main = main;
  }

  // What the replaced modules ask.

  /** Returns a token that `forget` takes. */
  later(call: Call, settle: Settle): number {
    const token = this.#token();
    if (this.#over) return token;
    const site = Program.siteOf?.(new Error("site").stack ?? "");
    this.#waiting.set(token, settle);
    this.port.later(token, call, site);
    return token;
  }
  /** As `later`, but what comes of it comes again and again. */
  listen(call: Call, settle: Settle): number {
    const token = this.later(call, settle);
    this.#lasting.add(token);
    return token;
  }
  /** What comes of it is not wanted any more. */
  forget(token: number): void {
    this.#lasting.delete(token);
    if (this.#waiting.delete(token)) this.port.cancel(token);
  }
  now(call: Call): unknown {
    if (this.#over) throw new Exited();
    const site = Program.siteOf?.(new Error("site").stack ?? "");
    return this.port.now(this.#token(), call, site);
  }
  clock(): number {
    this.#readings += 1;
    if (this.#readings > MAX_CLOCK_READINGS) {
      this.#fail("unbounded", {
        name: "Unbounded",
        message: `it looked at the clock ${MAX_CLOCK_READINGS} times without waiting for anything: time does not pass while a program runs`,
      });
      throw new Exited();
    }
    return this.port.clock();
  }
  onNotice(watch: number, listener: ((notice: WatchNotice) => void) | undefined): void {
    if (listener === undefined) this.#watches.delete(watch);
    else this.#watches.set(watch, listener);
  }
  hold(): { release(): void } {
    const token = this.#token();
    if (!this.#over) this.port.hold(token);
    return { release: () => this.port.cancel(token) };
  }

  /** Returns a token that `cancel` and `held` take. */
  timer(delayMs: number, fired: () => void): number {
    const token = this.#token();
    if (this.#over) return token;
    this.#timers.set(token, fired);
    this.port.timer(token, delayMs, true);
    return token;
  }
  immediate(fired: () => void): number {
    const token = this.#token();
    if (this.#over) return token;
    this.#timers.set(token, fired);
    this.port.immediate(token, true);
    return token;
  }
  held(token: number, held: boolean): void {
    if (this.#timers.has(token)) this.port.held(token, held);
  }
  cancel(token: number): void {
    if (this.#timers.delete(token)) this.port.cancel(token);
  }
  isPending(token: number): boolean {
    return this.#timers.has(token);
  }

  /** Ends it here and now. */
  exit(code: number): never {
    this.#end(code);
    throw new Exited();
  }
  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.port.exited(code);
  }
  /** The kernel has ended it. */
  killed(): never {
    this.#over = true;
    throw new Exited();
  }
  /** Something that is not simulated was called. */
  refuse(error: Error): never {
    this.#refused(failureOf(error));
    throw error;
  }
  #refused(failure: Failure): void {
    this.#over = true;
    this.port.refused(failure);
  }

  // What the world tells.

  start(): void {
    this.#run(() => {
      const main = this.#main;
      if (main === undefined) return;
      const settled = (): void => {
        if (!this.#over) this.port.settled();
      };
      const result: unknown = main();
      if (isThenable(result)) result.then(settled, (error: unknown) => this.#thrown("rejection", error));
      else settled();
    });
  }
  settle(token: number, fault: unknown, result: unknown): void {
    const settle = this.#waiting.get(token);
    if (!this.#lasting.has(token)) this.#waiting.delete(token);
    if (settle !== undefined) this.#run(() => settle(fault, result));
  }
  fire(token: number): void {
    const fired = this.#timers.get(token);
    this.#timers.delete(token);
    if (fired !== undefined) this.#run(fired);
  }
  notice(notice: WatchNotice): void {
    const listener = this.#watches.get(notice.watch);
    if (listener !== undefined) this.#run(() => listener(notice));
  }
  leave(): void {
    const asked = this.#tokens;
    this.#run(() => this.listeners?.leaving());
    if (this.#tokens === asked) this.quit();
  }
  quit(): void {
    let code = 0;
    this.#run(() => {
      code = this.listeners?.left() ?? 0;
    });
    this.#end(code);
  }
  signal(name: string): void {
    this.#run(() => this.listeners?.signal(name));
  }

  /** It does not come to rest: nothing that it asks for from now on happens. */
  abandon(): void {
    this.#over = true;
    this.#abandoned = true;
  }
  get wasAbandoned(): boolean {
    return this.#abandoned;
  }

  /** An error that no code of the program caught. */
  uncaught(kind: "exception" | "rejection", error: unknown): void {
    this.#thrown(kind, error);
  }

  #run(step: () => void): void {
    this.#readings = 0;
    if (this.#over) return;
    const thrown = (error: unknown): void => this.#thrown("exception", error);
    const whole = (): void => {
      try {
        step();
      } catch (error) {
        thrown(error);
      }
      drain(thrown);
    };
    this.#within(this, () => runningAs(this, whole));
  }

  #thrown(kind: "exception" | "rejection", error: unknown): void {
    if (this.#over || error instanceof Exited) return;
    const failure = failureOf(error);
    if ((error as { code?: unknown } | null | undefined)?.code === "ERR_NOT_SIMULATED" || scenarioErrorOf(error)) {
      this.#refused(failure);
    }
    if (this.#over) return;
    try {
      if (this.listeners?.uncaught(error, kind) === true) return;
      this.port.failing(kind, failure);
      this.listeners?.left(1);
    } catch {
      // As in Node: it ends with the first error.
    }
    this.#fail(kind, failure);
  }

  #fail(kind: ViolationKind, failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    this.port.failed(kind, failure);
  }

  #token(): number {
    this.#tokens += 1;
    return this.#tokens;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

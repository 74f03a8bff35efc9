// `process.on`: what a program is told of its own end and of signals, in Node's order.

import { EventEmitter } from "node:events";
import { constants } from "node:os";
import { Exited, type Program } from "./program.ts";

const PASSED_ON = [
  "on",
  "once",
  "off",
  "addListener",
  "removeListener",
  "removeAllListeners",
  "prependListener",
  "prependOnceListener",
  "emit",
  "listeners",
  "rawListeners",
  "listenerCount",
  "eventNames",
  "setMaxListeners",
  "getMaxListeners",
] as const;
/** Node cannot listen for these, and says so. */
const UNSTOPPABLE = new Set(["SIGKILL", "SIGSTOP"]);

/** Makes `own` an emitter, and what a program tells it known to its listeners. */
export function addEvents(own: Record<PropertyKey, unknown>, program: Program): void {
  const simulated = own as unknown as NodeJS.Process;
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  const heard = new Set<string>();
  const tellSignals = (): void => {
    for (const name of new Set([...heard, ...emitter.eventNames()])) {
      if (typeof name !== "string" || !(name in constants.signals)) continue;
      const listens = emitter.listenerCount(name) > 0;
      if (listens === heard.has(name)) continue;
      if (listens) heard.add(name);
      else heard.delete(name);
      program.port.listens(name, listens);
    }
  };
  for (const name of PASSED_ON) {
    const method = (...args: unknown[]): unknown => {
      const [event] = args;
      if (/^(on|add|prepend)/.test(name) && UNSTOPPABLE.has(event as string)) throw unstoppable();
      const result: unknown = Reflect.apply(emitter[name] as (...args: unknown[]) => unknown, emitter, args);
      if (event === undefined || String(event).startsWith("SIG")) tellSignals();
      return result === emitter ? simulated : result;
    };
    own[name] = method;
  }
  addExit(own, program);
  // Packages put functions of their own in the place of `emit` and `reallyExit`: they are asked for by name each time.
  const emit = (name: string, ...args: unknown[]): boolean => Reflect.apply(simulated.emit, simulated, [name, ...args]);
  program.listeners = {
    leaving: () => void emit("beforeExit", codeOf(own)),
    left: (code) => {
      if (own._exiting !== true) {
        own._exiting = true;
        if (code !== undefined) own.exitCode = code;
        emit("exit", codeOf(own));
      }
      return codeOf(own);
    },
    signal: (name) => void emit(name, name, constants.signals[name as NodeJS.Signals]),
    uncaught: (error, kind) => {
      if (kind === "rejection" && emitter.listenerCount("unhandledRejection") > 0) {
        return emit("unhandledRejection", error, Promise.resolve());
      }
      const origin = kind === "rejection" ? "unhandledRejection" : "uncaughtException";
      emit("uncaughtExceptionMonitor", error, origin);
      return emit("uncaughtException", error, origin);
    },
  };
}

function addExit(own: Record<PropertyKey, unknown>, program: Program): void {
  const reallyExit = (code?: number): never => program.exit(Number(code ?? 0));
  const exit = (code?: unknown): void => {
    if (code !== undefined) own.exitCode = code;
    const last = program.listeners?.left() ?? 0;
    Reflect.apply(own.reallyExit as (code: number) => void, own, [last]);
    throw new Exited();
  };
  // Assigned by name: see engine/scenario.ts on functions that are assigned where they are written down.
  Object.assign(own, { reallyExit, exit });
}

function codeOf(own: Record<PropertyKey, unknown>): number {
  return Number(own.exitCode ?? 0);
}

function unstoppable(): Error {
  const detail = { code: "EINVAL", errno: -22, syscall: "uv_signal_start" };
  return Object.assign(new Error("uv_signal_start EINVAL"), detail);
}

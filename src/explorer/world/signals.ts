// `kill`: whether a process lives, and signals from one to another.
//
// A signal is sent by an effect of the sender, and arrives as a step of the process that it is for: at once or later,
// also while that process is stalled or stands still in a call, if it has no handler that would have to run.

import { constants } from "node:os";
import { type Call, SystemFault } from "../disk/calls.ts";
import type { Answer, Service } from "./host.ts";
import { newItem } from "./pending.ts";
import type { SimulatedProcess } from "./process.ts";
import { INIT } from "./process-table.ts";
import { PROMPT_MS } from "./time.ts";
import type { World } from "./world.ts";

/** Ids of signals, above all others. */
const FIRST_SIGNAL = 2 ** 42;
/** Nothing happens when nobody listens for them. Node has SIGPIPE ignored, and takes SIGUSR1 for its debugger. */
const HARMLESS = new Set(["SIGCHLD", "SIGCONT", "SIGPIPE", "SIGURG", "SIGUSR1", "SIGWINCH"]);

/** Whether a signal ends a process that does not listen for it. */
export function isDeadly(signal: string): boolean {
  return !HARMLESS.has(signal);
}

export class Signals implements Service {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  perform(process: SimulatedProcess, call: Call, token: number): Answer | undefined {
    if (call.op !== "kill") return undefined;
    const [pid, signal] = call.args as [pid: number, signal: string | 0];
    const target = this.#world.table.withPid(this.#world.footprint, pid);
    if (target === undefined) throw new SystemFault(pid === INIT ? "EPERM" : "ESRCH");
    if (signal === 0) return { result: true };
    if (target === process && this.#kills(target, signal)) this.#world.end(target, exitCodeOf(signal));
    else this.#send(process, target, signal, token);
    return { result: true };
  }

  ended(): void {}

  #kills(target: SimulatedProcess, signal: string): boolean {
    return isDeadly(signal) && !target.listensFor.has(signal);
  }

  #send(from: SimulatedProcess, target: SimulatedProcess, signal: string, token: number): void {
    const { timeMs } = from;
    const item = newItem(this.#world, target, "signal", 0, {
      id: FIRST_SIGNAL + from.itemId(token),
      patienceMs: timeMs + PROMPT_MS,
      interrupts: true,
      ready: () => this.#kills(target, signal) || target.isFree,
      act: () => {
        this.#world.pass(target, timeMs);
        if (target.listensFor.has(signal)) target.inbox?.signal(signal);
        else if (isDeadly(signal)) this.#world.end(target, exitCodeOf(signal));
        else return "ignored";
        return target.alive ? undefined : "dead";
      },
      told: {
        choice: `${signal} from ${from.nameOfThisLife}.${token} to ${target.nameOfThisLife}`,
        call: `${signal} from ${from.name}`,
      },
    });
    target.arrivals.push(item);
  }
}

/** As a shell tells it. */
function exitCodeOf(signal: string): number {
  return 128 + constants.signals[signal as NodeJS.Signals];
}

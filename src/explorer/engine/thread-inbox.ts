// What a process is told goes to its thread, if it is not known what the program says to it.

import { SystemFault } from "../disk/calls.ts";
import { Program } from "../program/program.ts";
import { ScenarioError } from "../scenario-error.ts";
import { Diverged } from "../search/system.ts";
import type { Inbox, Port } from "../world/port.ts";
import type { SimulatedProcess } from "../world/process.ts";
import { type Behaviour, type Behaviours, sameAnswer, textOf } from "./behaviour.ts";
import type { ProcessThread } from "./process-thread.ts";
import { RESTLESS } from "./restless.ts";
import type { Answer, Command } from "./thread-protocol.ts";

type Told = Command extends infer One ? (One extends Command ? Omit<One, "timeMs"> : never) : never;

export interface ThreadOfProcess {
  readonly behaviours: Behaviours;
  thread(): ProcessThread;
  /** How long a program may take to come to rest. */
  restMs(): number;
  /** The thread is of no use any more. */
  replace(): void;
  /** A program did not come to rest. */
  lost(): void;
}

export class ThreadInbox implements Inbox {
  readonly #process: SimulatedProcess;
  readonly #port: Port;
  readonly #of: ThreadOfProcess;
  /** All that the program was told in this run, and what it said to each. */
  readonly #told: Command[] = [];
  readonly #answers: Answer[] = [];
  /** How much of it the thread was told, when it is ours. */
  #sent = 0;
  #at: Behaviour;

  constructor(process: SimulatedProcess, port: Port, of: ThreadOfProcess) {
    this.#process = process;
    this.#port = port;
    this.#of = of;
    this.#at = of.behaviours.root;
  }

  start(): void {
    const { name, pid, life } = this.#process;
    this.#tell({ do: "start", of: { name, pid, life }, recording: Program.siteOf !== undefined });
  }
  settle(token: number, fault: unknown, result: unknown): void {
    if (fault instanceof SystemFault) this.#tell({ do: "settle", token, faultCode: fault.code });
    else this.#tell({ do: "settle", token, fault, result });
  }
  fire(token: number): void {
    this.#tell({ do: "fire", token });
  }
  notice(notice: Parameters<Inbox["notice"]>[0]): void {
    this.#tell({ do: "notice", notice });
  }
  signal(name: string): void {
    this.#tell({ do: "signal", name });
  }
  leave(): void {
    this.#tell({ do: "leave" });
  }
  quit(): void {
    this.#tell({ do: "quit" });
  }

  #tell(told: Told): void {
    const command = { ...told, timeMs: this.#process.timeMs } as Command;
    this.#told.push(command);
    const text = textOf(command);
    const known = this.#at.next.get(text);
    if (known === undefined) {
      const answer = this.#ask();
      this.#at = this.#of.behaviours.add(this.#at, text, answer);
    } else this.#at = known;
    const answer = this.#at.answer as Answer;
    this.#answers.push(answer);
    this.#hear(answer);
  }

  /** Tells the thread all that it has not been told yet. */
  #ask(): Answer {
    let thread = this.#of.thread();
    if (thread.owner !== this && !thread.free(this.#of.restMs())) {
      this.#of.replace();
      thread = this.#of.thread();
    }
    const from = thread.owner === this ? this.#sent : 0;
    thread.owner = this;
    const answers = thread.ask(this.#told.slice(from), this.#of.restMs());
    this.#sent = this.#told.length;
    if (answers === undefined) {
      this.#of.replace();
      this.#of.lost();
      return { said: [["failed", "unbounded", { name: "Unbounded", message: RESTLESS }]] };
    }
    for (let at = from; at < this.#answers.length; at++) {
      if (!sameAnswer(this.#answers[at] as Answer, answers[at - from] as Answer)) {
        throw new Diverged(at, `${this.#process.name}, told the same, did something else than before`);
      }
    }
    return answers.at(-1) as Answer;
  }

  #hear({ said, blockedIn, broken }: Answer): void {
    if (broken !== undefined) {
      const { message, hint, stack } = broken;
      throw new ScenarioError(message, { ...(hint !== undefined && { hint }), cause: stack });
    }
    for (const [name, ...args] of said) Reflect.apply(this.#port[name], this.#port, args);
    if (blockedIn !== undefined) this.#port.now(blockedIn.token, blockedIn.call, blockedIn.site);
  }
}

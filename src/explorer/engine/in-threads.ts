// Runs a scenario with a thread for each process, so that synchronous calls of several processes can be put in any order.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { SystemFault } from "../disk/calls.ts";
import type { RaceOptions } from "../options.ts";
import { Program } from "../program/program.ts";
import { processNames } from "../race.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Execution } from "../search/system.ts";
import type { Inbox, Port } from "../world/port.ts";
import type { SimulatedProcess } from "../world/process.ts";
import { World } from "../world/world.ts";
import type { Target } from "./explore.ts";
import { begin, mayFail, type ScenarioSystem } from "./in-thread.ts";
import { judge } from "./judge.ts";
import { Channel, makeCounters } from "./thread-channel.ts";
import type { Answer, Command, ThreadData } from "./thread-protocol.ts";

/** A program that is not quiet after so long runs without end. */
const MAX_SEGMENT_MS = 10_000;
/** The first command of a thread waits for the thread to start, and for modules to be compiled. */
const MAX_FIRST_MS = 60_000;

// The published package holds .js; `import.meta.url` says which of both this is.
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

type Told = Command extends infer One ? (One extends Command ? Omit<One, "timeMs"> : never) : never;

export class InThreads implements ScenarioSystem {
  world: World | undefined;
  cutPowerLoss = false;
  readonly #target: Target;
  readonly #options: RaceOptions;
  readonly #threads: (ProcessThread | undefined)[] = [];

  constructor(target: Target, options: RaceOptions) {
    this.#target = target;
    this.#options = options;
  }

  begin(): Execution {
    const { scenario } = this.#target;
    const world = new World(this.#options, {
      threaded: true,
      start: (process, port) => {
        if (process.index > 0)
          return new ThreadInbox(process, port, this.#thread(process.index), () => this.#replace(process.index));
        return scenario.program(process.incarnation === 0 ? "setup" : "check", process.name, process.pid, port);
      },
      finish: (finished) => judge(finished, scenario.race),
      mayFail: (name) => mayFail(scenario.race, name),
    });
    this.cutPowerLoss ||= this.world?.faults.cutPowerLoss === true;
    this.world = world;
    begin(world, processNames(scenario.race));
    return world;
  }

  /** Ends all threads. */
  dispose(): void {
    for (const thread of this.#threads) thread?.terminate();
    this.#threads.length = 0;
  }

  #thread(index: number): ProcessThread {
    let thread = this.#threads[index];
    if (thread === undefined) {
      const { file, exported, modules } = this.#target;
      if (file === undefined || modules === undefined) {
        throw new ScenarioError("synchronous calls of several processes need a file", {
          hint: "Export the race from a file, so that each process can have a thread of its own.",
        });
      }
      thread = new ProcessThread({ file, exported, sources: modules.export(), index });
      this.#threads[index] = thread;
    }
    return thread;
  }

  #replace(index: number): void {
    this.#threads[index]?.terminate();
    this.#threads[index] = undefined;
  }
}

class ProcessThread {
  readonly #worker: Worker;
  readonly #channel: Channel;
  readonly #port: MessagePort;
  #first = true;

  constructor(data: Omit<ThreadData, "channel">) {
    const { port1, port2 } = new MessageChannel();
    const counters = makeCounters();
    const theirs = { port: port2, counters, inbound: 0 } as const;
    this.#worker = new Worker(THREAD, {
      workerData: { ...data, channel: theirs } satisfies ThreadData,
      transferList: [port2],
    });
    this.#worker.unref();
    port1.unref();
    this.#port = port1;
    this.#channel = new Channel({ port: port1, counters, inbound: 1 });
  }

  /** Undefined when no answer came in time: the thread is of no use any more. */
  ask(command: Command): Answer | undefined {
    const limitMs = this.#first ? MAX_FIRST_MS : MAX_SEGMENT_MS;
    this.#first = false;
    this.#channel.send(command);
    return this.#channel.receive(limitMs) as Answer | undefined;
  }

  terminate(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}

class ThreadInbox implements Inbox {
  readonly #process: SimulatedProcess;
  readonly #port: Port;
  readonly #thread: ProcessThread;
  readonly #lost: () => void;
  #blocked = false;

  constructor(process: SimulatedProcess, port: Port, thread: ProcessThread, lost: () => void) {
    this.#process = process;
    this.#port = port;
    this.#thread = thread;
    this.#lost = lost;
  }

  start(): void {
    const { name, pid } = this.#process;
    this.#tell({ do: "start", name, pid, recording: Program.siteOf !== undefined });
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
  /** The process is dead: frees the thread from the call it stands in. */
  drop(): void {
    if (this.#blocked) this.#tell({ do: "drop" });
  }

  #tell(told: Told): void {
    this.#blocked = false;
    const answer = this.#thread.ask({ ...told, timeMs: this.#process.timeMs } as Command);
    if (answer === undefined) {
      this.#lost();
      const message = `it was not quiet after ${MAX_SEGMENT_MS / 1000} s without an effect: a loop that does not end`;
      if (told.do !== "drop") this.#port.failed("unbounded", { name: "Unbounded", message });
      return;
    }
    const { said, blockedIn, broken } = answer;
    if (broken !== undefined) {
      throw new ScenarioError(broken.message, {
        ...(broken.hint !== undefined && { hint: broken.hint }),
        cause: broken.stack,
      });
    }
    for (const [name, ...args] of said) Reflect.apply(this.#port[name], this.#port, args);
    if (blockedIn === undefined) return;
    this.#blocked = true;
    if (told.do === "drop") this.#tell({ do: "drop" });
    else this.#port.now(blockedIn.token, blockedIn.call, blockedIn.site);
  }
}

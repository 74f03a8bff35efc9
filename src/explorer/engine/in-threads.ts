// Runs a scenario with a thread for each process, so that synchronous calls of several processes can be put in any order.

import type { RaceOptions } from "../options.ts";
import { processNames } from "../race.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Execution } from "../search/system.ts";
import { World } from "../world/world.ts";
import { Behaviours } from "./behaviour.ts";
import { begin, mayFail, type ScenarioSystem } from "./in-thread.ts";
import { judge } from "./judge.ts";
import { ProcessThread } from "./process-thread.ts";
import { REST_AGAIN_MS, REST_MS } from "./restless.ts";
import { Sightings, type Target } from "./terms.ts";
import { ThreadInbox, type ThreadOfProcess } from "./thread-inbox.ts";

export class InThreads implements ScenarioSystem {
  world: World | undefined;
  readonly seen = new Sightings();
  /** How long a program may take to come to rest. */
  restMs: number;
  /** How long setup and the check may take, which run in this thread. */
  aloneMs = REST_MS;
  readonly #target: Target;
  readonly #options: RaceOptions;
  readonly #threads: (ProcessThread | undefined)[] = [];
  readonly #processes: ThreadOfProcess[] = [];

  constructor(target: Target, options: RaceOptions, restMs = REST_MS) {
    this.restMs = restMs;
    this.#target = target;
    this.#options = options;
  }

  begin(): Execution {
    const { scenario } = this.#target;
    const world = new World(this.#options, {
      threaded: true,
      start: (process, port) => {
        if (process.index > 0) return new ThreadInbox(process, port, this.#process(process.index));
        return scenario.program(process.incarnation === 0 ? "setup" : "check", process, port);
      },
      finish: (finished) => judge(finished, scenario.race, this.aloneMs),
      mayFail: (name) => mayFail(scenario.race, name),
    });
    this.seen.note(this.world);
    this.world = world;
    begin(world, processNames(scenario.race), this.aloneMs);
    return world;
  }

  forget(): void {
    this.#processes.length = 0;
  }

  /** Ends all threads. */
  dispose(): void {
    for (const thread of this.#threads) thread?.terminate();
    this.#threads.length = 0;
  }

  #process(index: number): ThreadOfProcess {
    this.#processes[index] ??= {
      behaviours: new Behaviours(),
      thread: () => this.#thread(index),
      restMs: () => this.restMs,
      lost: () => {
        this.restMs = REST_AGAIN_MS;
      },
      replace: () => {
        this.#threads[index]?.terminate();
        this.#threads[index] = undefined;
      },
    };
    return this.#processes[index];
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
}

// A race and its modules: one instance for each process and run, or one for all.

import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { setNotes } from "../history/notes.ts";
import type { Instance } from "../modules/instance.ts";
import { moduleBuiltin } from "../modules/module-builtin.ts";
import type { Modules } from "../modules/modules.ts";
import { type Environment, makeEnvironment } from "../program/builtins.ts";
import { Lots } from "../program/lots.ts";
import { presentProcess } from "../program/present-process.ts";
import { type Identity, type Main, Program, type Within } from "../program/program.ts";
import { refuseRunning } from "../program/real-globals.ts";
import { type DefinedRace, isRace, processNames } from "../race.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Port } from "../world/port.ts";
import { BEGINNING_MS } from "../world/time.ts";

/** For loading a file to see what is in it. */
const NOBODY: Identity = { name: "", pid: 1, life: 1 };

/** Which of a scenario's functions a process runs: 0 is setup and check, the others are the processes in order. */
export type Role = "setup" | "check" | number;

/** Makes programs out of a scenario. */
export interface Scenario {
  readonly race: DefinedRace;
  /** The program that plays a role, ready to be started. */
  program(role: Role, of: Identity, port: Port): Program;
}

/** The program whose code is running, if any: errors that nobody caught are its own. */
let running: Program | undefined;
export function runningProgram(): Program | undefined {
  return running;
}
let runningSince = 0;

/**
 * After code was ended from without: the program that was running, for how long already. Nothing of it goes on; here, it
 * runs no more.
 */
export function abandonRunning(): { readonly program: Program; readonly forMs: number } | undefined {
  const program = running;
  running = undefined;
  if (program === undefined) return undefined;
  program.abandon();
  return { program, forMs: performance.now() - runningSince };
}

/** Histories of scenarios are written down by the world, which knows who notes, and in which order. */
setNotes(() => {
  const program = running;
  if (program === undefined) return undefined;
  return {
    invoked: (history, record) => program.port.note(history, "invoked", record),
    returned: (history, record) => program.port.note(history, "returned", record),
    all: (history) => program.port.noted(history),
  };
});

const plainly: Within = (program, run) => {
  const before = running;
  running = program;
  runningSince = performance.now();
  try {
    return run();
  } finally {
    running = before;
  }
};

function mainOf(race: DefinedRace, role: Role): Main {
  if (role === "setup") return () => race.setup?.();
  if (role === "check") return () => race.check?.();
  const name = processNames(race)[role - 1];
  const main = name === undefined ? undefined : race.processes[name];
  if (main === undefined)
    throw new ScenarioError(`the race has no process ${role}`, {
      hint: "Define the same race each time the file is loaded.",
    });
  return main;
}

/** One of a scenario's processes in all of its runs. */
interface Slot {
  readonly environment: Environment;
  readonly process: NodeJS.Process;
  /** Its program in the present run. */
  program: Program | undefined;
}

/** Every process has its own modules, in every run: as processes have. */
export class IsolatedScenario implements Scenario {
  readonly #modules: Modules;
  readonly #file: string;
  readonly #exported: string | undefined;
  readonly #explorer: object;
  readonly #slots: Slot[] = [];
  #main: DefinedRace | undefined;
  #race: DefinedRace | undefined;

  constructor(modules: Modules, file: string, exported: string | undefined, explorer: object) {
    this.#modules = modules;
    this.#file = file;
    this.#exported = exported;
    this.#explorer = explorer;
  }

  get race(): DefinedRace {
    if (this.#race === undefined) {
      const program = new Program(NOBODY, deaf, plainly);
      this.#race = this.#load(0, program);
    }
    return this.#race;
  }

  /** All that the file exports, for looking at. */
  exports(): Record<string, unknown> {
    return this.#instantiate(0, new Program(NOBODY, deaf, plainly));
  }

  program(role: Role, of: Identity, port: Port): Program {
    const program = new Program(of, port, plainly);
    const slot = typeof role === "number" ? role : 0;
    // Not assigned as it is written down: V8 takes such a function for one that lasts, and all that it sees lasts with it.
    const main: Main = () => {
      // What setup leaves in its modules is there for the check.
      const race = role === "check" && this.#main !== undefined ? this.#main : this.#load(slot, program);
      if (role === "setup") this.#main = race;
      return mainOf(race, role)();
    };
    program.main = main;
    const known = this.#slots[slot];
    if (known !== undefined) known.program = program;
    return program;
  }

  #load(slot: number, program: Program): DefinedRace {
    return raceIn(this.#instantiate(slot, program), this.#exported, this.#file);
  }

  #instantiate(slot: number, program: Program): Record<string, unknown> {
    const known = this.#slots[slot] ?? this.#makeSlot(slot);
    known.program = program;
    known.environment.reset(known.process, new Lots(program.life));
    const instance = instanceIn(this.#modules, known.environment);
    return instance.load(this.#file) as Record<string, unknown>;
  }

  #makeSlot(slot: number): Slot {
    const current = (): Program => {
      if (made.program === undefined) throw new Error("no simulated process is running");
      return made.program;
    };
    const made: Slot = {
      program: undefined,
      environment: makeEnvironment(current, { "holdfast/explorer": this.#explorer }, BEGINNING_MS),
      process: presentProcess(current, this.#file, BEGINNING_MS),
    };
    this.#slots[slot] = made;
    return made;
  }
}

/** All processes share one instance of the modules: faster, and true as long as they share nothing in memory. */
export class SharedScenario implements Scenario {
  readonly race: DefinedRace;
  readonly #current: AsyncLocalStorage<Program>;

  constructor(race: DefinedRace, current: AsyncLocalStorage<Program>) {
    this.race = race;
    this.#current = current;
  }

  program(role: Role, of: Identity, port: Port): Program {
    const program = new Program(of, port, remembering(this.#current));
    program.main = mainOf(this.race, role);
    return program;
  }
}

/** Makes the program known wherever its code goes on. The context is made once: `run` copies it each time. */
function remembering(current: AsyncLocalStorage<Program>): Within {
  let context: AsyncResource | undefined;
  return (program, run) => {
    context ??= current.run(program, () => new AsyncResource("holdfast program"));
    return context.runInAsyncScope(plainly, undefined, program, run) as ReturnType<typeof run>;
  };
}

/** Modules that see Node as the environment shows it. */
function instanceIn(modules: Modules, { globals, builtin, pristine }: Environment): Instance {
  return modules.instance({
    globals,
    builtin: (name, instance) => (name === "module" ? moduleBuiltin(instance) : builtin(name)),
    pristine: (name) => (name === "module" ? undefined : pristine(name)),
    refuse: refuseRunning,
  });
}

/** Loads a file's modules once, for all of its processes. */
export function loadShared(
  modules: Modules,
  file: string,
  exported: string | undefined,
  explorer: object,
): SharedScenario {
  const current = new AsyncLocalStorage<Program>();
  const loading = new Program(NOBODY, deaf, plainly);
  const present = (): Program => current.getStore() ?? loading;
  const environment = makeEnvironment(present, { "holdfast/explorer": explorer }, BEGINNING_MS);
  environment.reset(presentProcess(present, file, BEGINNING_MS), new Lots(1));
  const instance = instanceIn(modules, environment);
  return new SharedScenario(raceIn(instance.load(file), exported, file), current);
}

/** The race that a loaded file exports. */
export function raceIn(namespace: Record<string, unknown>, exported: string | undefined, file: string): DefinedRace {
  const named = exported ?? "default";
  const found = namespace[named];
  if (isRace(found)) return found;
  const others = Object.keys(namespace).filter((name) => isRace(namespace[name]));
  if (exported === undefined && others.length === 1) return namespace[others[0] as string] as DefinedRace;
  const hint =
    others.length > 0
      ? `It has these: ${others.join(", ")}. Name one with --export.`
      : "Export one: export default race({ processes: { a: ..., b: ... }, check: ... }).";
  throw new ScenarioError(`${file} exports no race as ${named}`, { hint: hint });
}

/** A file is loaded to see what it defines: nothing may happen yet. */
const nothing = (): undefined => undefined;
const deaf: Port = {
  later: nothing,
  now: (_token, call) => {
    throw new ScenarioError(`${call.op} is called while the file is loaded`, {
      hint: "Do it in setup, or in a process: loading code must have no effect.",
    });
  },
  timer: nothing,
  immediate: nothing,
  hold: nothing,
  held: nothing,
  listens: nothing,
  cancel: nothing,
  clock: () => BEGINNING_MS,
  note: nothing,
  noted: () => [],
  settled: nothing,
  failing: nothing,
  failed: nothing,
  exited: nothing,
  refused: nothing,
};

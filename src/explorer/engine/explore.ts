// Explores a race: chooses how to run it, searches, and makes the finding small.

import { availableParallelism } from "node:os";
import { outsideOfJobs } from "../program/drain.ts";
import { ScenarioError } from "../scenario-error.ts";
import { Diverged } from "../search/system.ts";
import { TRACE_FORMAT, TRACE_VERSION, type Trace, type Violation } from "../trace.ts";
import { NeedsThreads } from "../world/host.ts";
import { parseBudget } from "./budget.ts";
import { checkAtFault, endsInSomeOrder, neverEnds } from "./endless-check.ts";
import { InThread, type ScenarioSystem } from "./in-thread.ts";
import { InThreads } from "./in-threads.ts";
import { byId, byName, type Choose, record, switchesIn } from "./recording.ts";
import { interleavings, type Report } from "./report.ts";
import { guarded, REST_AGAIN_MS, REST_MS, RESTLESS, Restless, restless, TookLong } from "./restless.ts";
import { runningProgram } from "./scenario.ts";
import { blaming, scenarioFault } from "./scenario-fault.ts";
import { type Found, shrink } from "./shrink.ts";
import { makeSearch, type Search } from "./strategies.ts";
import { Team } from "./team.ts";
import { boundsOf, type ExploreOptions, pick, type Target } from "./terms.ts";
import { differenceOf, isSampled, nondeterminism } from "./twice.ts";

/** A run of more steps than this does not end. */
export const MAX_STEPS = 2000;
/** The search gives way to the rest of the program so often. */
const CHUNK_MS = 50;
/** A search that takes longer gets help from other threads: they begin to load then, which takes them some 200 ms. */
const ALONE_MS = 500;
/** Runs that take longer than this are not waited for. */
const MAX_REST_MS = 300_000;
/** What may be spent on making a finding small. */
const SHRINK_RUNS = 200_000;
const SHRINK_MS = 10_000;

/** Explores until all is covered, the budget is spent, or a violation is found. @throws ScenarioError */
export async function search(target: Target, given: ExploreOptions): Promise<Report> {
  const race = blaming(target.modules, "loading", () => target.scenario.race);
  const options: ExploreOptions = { ...pick(race), ...given };
  const exploration = new Exploration(target, options);
  return await exploration.run();
}

/** A run that was made again. */
export interface Again {
  readonly trace: Trace;
  /** Whether something was wrong this time too; if not, the trace's violation says that. */
  readonly violated: boolean;
}

const NONE: Violation = { kind: "check", process: "", message: "nothing was wrong this time" };

/** Of a run that never ends a few rounds of what goes on are enough. */
function stepsToShow({ loopsFrom }: Found): number {
  return loopsFrom === undefined ? MAX_STEPS : Math.min(MAX_STEPS, loopsFrom + LOOP_STEPS_SHOWN);
}
const LOOP_STEPS_SHOWN = 20;

/** One search, or one run of it again. */
export class Exploration {
  readonly #target: Target;
  readonly #options: ExploreOptions;
  readonly #cores: number;
  #system: ScenarioSystem;
  readonly #began = performance.now();
  #runs = 0;
  #traces = 0;
  #shrinking = false;
  #team: Team | undefined;
  /** How long a program may take to come to rest. */
  #restMs = REST_MS;
  /** Found in this thread, to be looked at in threads. */
  #restless: Restless | undefined;

  constructor(target: Target, options: ExploreOptions) {
    this.#target = target;
    this.#options = options;
    this.#cores = options.cores ?? availableParallelism();
    this.#system = new InThread(target.scenario, options);
  }

  async run(): Promise<Report> {
    return await this.#inThreadOrThreads(() => this.#search());
  }

  /** Gives every process a thread of its own if it turns out that they need it. */
  async #inThreadOrThreads<T>(work: () => Promise<T>): Promise<T> {
    try {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          this.#tryOtherwise(error);
        }
      }
    } catch (error) {
      throw scenarioFault(error, this.#target.modules, "running");
    } finally {
      this.#team?.dispose();
      this.#system.dispose();
    }
  }

  /** If another way of running may do better; throws what it is given otherwise. */
  #tryOtherwise(error: unknown): void {
    const inThreads = this.#system instanceof InThreads;
    if (error instanceof NeedsThreads && !inThreads) {
      this.#runs = 0;
      this.#withThreads();
    } else if (error instanceof Restless && !inThreads) {
      this.#restless = error;
      this.#withThreads(REST_AGAIN_MS);
    } else if (error instanceof TookLong && this.#restMs < MAX_REST_MS) {
      this.#runs = 0;
      this.#restMs *= 2;
      if (this.#system instanceof InThreads) this.#system.aloneMs = this.#restMs;
      this.#team?.dispose();
      this.#team = undefined;
    } else throw error;
  }

  /** From here on every process has a thread of its own. */
  #withThreads(restMs = REST_MS): void {
    this.#team?.dispose();
    this.#team = undefined;
    this.#system.dispose();
    this.#system = new InThreads(this.#target, this.#options, restMs);
  }

  async #search(): Promise<Report> {
    const { ms, runs } = parseBudget(this.#options.budget);
    const search = makeSearch(this.#system, this.#options, MAX_STEPS);
    let found = this.#restless === undefined ? undefined : restless(this.#restless);
    const cutOffBy = new Set<string>();
    await this.#inChunks(() => {
      if (search.done || found !== undefined) return true;
      this.#shareOut(search);
      found = this.#team?.found;
      if (found !== undefined) return true;
      if (this.#options.signal?.aborted === true) cutOffBy.add("interrupted");
      else if (this.#allRuns >= runs) cutOffBy.add(`${runs} runs`);
      else if (performance.now() - this.#began >= ms) cutOffBy.add(`${this.#options.budget ?? "60s"} of time`);
      if (cutOffBy.size > 0 && !search.done) return true;
      if (!this.#hasWork(search)) return "wait";
      found = this.#once(search);
      this.#traces = search.traces + (this.#team?.traces ?? 0);
      return found !== undefined;
    });
    const team = this.#team;
    for (const reason of search.cutOffBy) cutOffBy.add(reason);
    if (team !== undefined && team.cut > 0) cutOffBy.add(`${team.cut} runs of more than ${MAX_STEPS} steps`);
    const { seen } = this.#system;
    seen.note(this.#system.world);
    if (team !== undefined) seen.add(team.seen);
    if (seen.cutPowerLoss) cutOffBy.add("parts of what a power loss takes");
    const trace = found === undefined ? undefined : await this.#small(found);
    const verdict = found !== undefined ? "violated" : cutOffBy.size > 0 ? "bounded" : "proved";
    return {
      verdict,
      runs: this.#allRuns,
      traces: search.traces + (team?.traces ?? 0),
      ...(verdict === "proved" && interleavings(search.orders, team?.orders)),
      elapsedMs: performance.now() - this.#began,
      cutOffBy: [...cutOffBy],
      within: boundsOf(this.#options, seen),
      seed: this.#options.seed ?? 1,
      ...(trace !== undefined && { trace }),
    };
  }

  get #allRuns(): number {
    return this.#runs + (this.#team?.runs ?? 0);
  }

  /** A search that takes long gets help from the other cores. */
  #shareOut(search: Search): void {
    const { file, exported, modules } = this.#target;
    const cores = this.#cores;
    if (search.shared === undefined || file === undefined || modules === undefined || cores < 2) return;
    if (this.#team === undefined && performance.now() - this.#began > ALONE_MS) {
      this.#team = new Team(
        search.shared.tree,
        {
          file,
          exported,
          sources: modules.export(),
          options: pick(this.#options),
          threaded: this.#system instanceof InThreads,
          maxSteps: MAX_STEPS,
          restMs: this.#restMs,
        },
        cores,
      );
    }
    this.#team?.lendOut();
  }

  /** Takes something off the others where all that is left of the tree is theirs. */
  #hasWork({ shared }: Search): boolean {
    if (shared === undefined || this.#team === undefined) return true;
    if (shared.part?.done === true) {
      this.#team.bringBack(shared.part.takeOutward());
      shared.part = undefined;
    }
    if (shared.part !== undefined) return !shared.part.waiting;
    if (!shared.tree.waiting) return true;
    const job = this.#team.borrow();
    if (job !== undefined) shared.borrow(job);
    return job !== undefined;
  }

  #once(search: Search): Found | undefined {
    this.#runs += 1;
    try {
      search.run();
    } catch (error) {
      this.#abandon();
      if (!(error instanceof Diverged)) throw error;
      return nondeterminism(error.message);
    }
    this.#abandon();
    const { violation, loopsFrom } = this.#system.world ?? {};
    if (violation !== undefined) return { choices: [...search.choices], violation, loopsFrom };
    if (!isSampled(this.#runs)) return undefined;
    const difference = differenceOf(this.#system, [...search.choices]);
    this.#abandon();
    return difference === undefined ? undefined : nondeterminism(difference);
  }

  #abandon(): void {
    const abandoned = this.#system.world?.abandoned;
    if (abandoned !== undefined) throw abandoned;
  }

  async #small(found: Found): Promise<Trace> {
    if (found.violation.kind === "nondeterminism") return this.#trace([], found.violation, 0);
    if (neverEnds(found.violation)) await this.#blameCheck(found.violation);
    this.#shrinking = true;
    // What others still find is not wanted, and the time of the cores is.
    this.#team?.dispose();
    const { signal } = this.#options;
    const limits = {
      maxSteps: stepsToShow(found),
      runs: SHRINK_RUNS,
      ms: SHRINK_MS,
      ...(signal !== undefined && { signal }),
    };
    const shrinking = shrink(this.#system, found, limits);
    let smallest = found;
    await this.#inChunks(() => {
      const next = shrinking.next();
      if (next.done === true) smallest = next.value;
      return next.done === true;
    });
    const { trace, violated } = await this.#record(byId(smallest.choices), stepsToShow(smallest));
    if (violated) return trace;
    const again = "when the same run was made again";
    if (smallest.violation.kind === "check") {
      throw new ScenarioError(`the check is not deterministic: it failed, and did not ${again}`, {
        hint: "What it looks at must be in files, or in its own process: nothing else is the same in every run.",
        cause: smallest.violation.stack ?? smallest.violation.message,
      });
    }
    const message = `it did not happen ${again}: ${smallest.violation.message}`;
    return { ...trace, violation: { kind: "nondeterminism", process: smallest.violation.process, message } };
  }

  /** @throws ScenarioError if the scenario is to blame, and not what the processes did */
  async #blameCheck({ message }: Violation): Promise<void> {
    const trying = endsInSomeOrder(this.#system, MAX_STEPS);
    let ends = false;
    await this.#inChunks(() => {
      const next = trying.next();
      this.#abandon();
      if (next.done === true) ends = next.value;
      return next.done === true;
    });
    if (!ends) throw checkAtFault(message);
  }

  /** Takes these steps as long as they can be taken, and then what comes first. */
  async again({ steps, violation }: Trace): Promise<Again> {
    const choices = steps.map((step) => step.choice);
    const neverEnds = violation.kind === "unbounded" || violation.kind === "left-held";
    const maxSteps = neverEnds ? steps.length : MAX_STEPS;
    if (violation.message === RESTLESS) this.#withThreads(REST_AGAIN_MS);
    return await this.#inThreadOrThreads(() => this.#record(byName(choices), maxSteps));
  }

  async #record(choose: Choose, maxSteps: number): Promise<Again> {
    let again: Again | undefined;
    await this.#inChunks(() => {
      const { modules } = this.#target;
      const siteOf = (stack: string): string | undefined => modules?.positions.siteOf(stack);
      const { steps, violation, preemptions } = record(this.#system, choose, siteOf, maxSteps);
      this.#abandon();
      again = { trace: this.#trace(steps, violation ?? NONE, preemptions), violated: violation !== undefined };
      return true;
    });
    return again as unknown as Again;
  }

  #trace(steps: Trace["steps"], violation: Violation, preemptions: number): Trace {
    const { file, exported, modules } = this.#target;
    const stack =
      violation.stack === undefined ? undefined : (modules?.positions.mapStack(violation.stack) ?? violation.stack);
    return {
      format: TRACE_FORMAT,
      version: TRACE_VERSION,
      ...(file !== undefined && { file }),
      ...(exported !== undefined && { exported }),
      options: pick(this.#options),
      violation: { ...violation, ...(stack !== undefined && { stack }) },
      steps,
      switches: switchesIn(steps),
      preemptions,
    };
  }

  /** Calls `step` outside of any promise job until it returns true, giving way now and then. */
  async #inChunks(step: () => boolean | "wait"): Promise<void> {
    for (;;) {
      const done = await outsideOfJobs(
        (kind, error) => runningProgram()?.uncaught(kind, error),
        () => this.#guarded(step),
      );
      this.#options.onProgress?.({
        runs: this.#allRuns,
        traces: this.#traces,
        elapsedMs: performance.now() - this.#began,
        shrinking: this.#shrinking,
      });
      if (done === true) return;
      if (done === "wait") await this.#team?.heard();
    }
  }

  /** Threads have limits of their own. */
  #guarded(step: () => boolean | "wait"): boolean | "wait" {
    if (this.#system instanceof InThreads) return this.#chunk(step);
    return guarded(
      this.#restMs,
      () => this.#system.world,
      () => this.#chunk(step),
    );
  }

  #chunk(step: () => boolean | "wait"): boolean | "wait" {
    const until = performance.now() + CHUNK_MS;
    do {
      const done = step();
      if (done !== false) return done;
    } while (performance.now() < until);
    return false;
  }
}

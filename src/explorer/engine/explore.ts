// Explores a race: chooses how to run it, searches, and makes the finding small.

import { availableParallelism } from "node:os";
import { outsideOfJobs } from "../program/drain.ts";
import { Diverged } from "../search/system.ts";
import type { Trace } from "../trace.ts";
import { NeedsThreads } from "../world/host.ts";
import { parseBudget, RunAllowance } from "./budget.ts";
import { type Again, blameCheck, giveUpIfAbandoned, MAX_STEPS, recorded, type Stage, smallest } from "./finding.ts";
import { InThread, type ScenarioSystem } from "./in-thread.ts";
import { InThreads } from "./in-threads.ts";
import { byName } from "./recording.ts";
import { interleavings, type Report } from "./report.ts";
import { CameToRest, guarded, REST_AGAIN_MS, REST_MS, RESTLESS, Restless, restless, TookLong } from "./restless.ts";
import { runningProgram } from "./scenario.ts";
import { blaming, scenarioFault } from "./scenario-fault.ts";
import type { Found } from "./shrink.ts";
import { makeSearch, type Search } from "./strategies.ts";
import { Team } from "./team.ts";
import { boundsOf, type ExploreOptions, pick, type Target } from "./terms.ts";
import { differenceOf, isSampled, nondeterminism } from "./twice.ts";

/** The search gives way to the rest of the program so often. */
const CHUNK_MS = 50;
/** A search that takes longer gets help from other threads: they begin to load then, which takes them some 200 ms. */
const ALONE_MS = 500;
/** After a program was blamed without fault, programs get so many times the time. */
const MORE_REST = 4;
/** Runs that take longer than this are not waited for. */
const MAX_REST_MS = 300_000;

/** Explores until all is covered, the budget is spent, or a violation is found. @throws ScenarioError */
export async function search(target: Target, given: ExploreOptions): Promise<Report> {
  const race = blaming(target.modules, "loading", () => target.scenario.race);
  const options: ExploreOptions = { ...pick(race), ...given };
  const exploration = new Exploration(target, options);
  return await exploration.run();
}

/** One search, or one run of it again. */
export class Exploration {
  readonly #target: Target;
  readonly #options: ExploreOptions;
  readonly #cores: number;
  #system: ScenarioSystem;
  readonly #began = performance.now();
  #runs = 0;
  #allowance = new RunAllowance(Number.POSITIVE_INFINITY);
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
      this.#shrinking = false;
      this.#restless = undefined;
      this.#restMs *= error instanceof CameToRest ? MORE_REST : 2;
      if (error instanceof CameToRest) this.#runIn(new InThread(this.#target.scenario, this.#options));
      else if (this.#system instanceof InThreads) this.#system.aloneMs = this.#restMs;
      this.#team?.dispose();
      this.#team = undefined;
    } else throw error;
  }

  /** From here on every process has a thread of its own. */
  #withThreads(restMs = this.#restMs): void {
    const system = new InThreads(this.#target, this.#options, restMs);
    system.aloneMs = this.#restMs;
    this.#runIn(system);
  }

  #runIn(system: ScenarioSystem): void {
    this.#team?.dispose();
    this.#team = undefined;
    this.#system.dispose();
    this.#system = system;
  }

  async #search(): Promise<Report> {
    const { ms, runs } = parseBudget(this.#options.budget);
    this.#allowance = new RunAllowance(runs);
    const search = makeSearch(this.#system, this.#options, MAX_STEPS);
    let found = this.#restless === undefined ? undefined : restless(this.#restless);
    const cutOffBy = new Set<string>();
    await this.#inChunks(() => {
      if (search.done || found !== undefined) return true;
      this.#shareOut(search, runs);
      found = this.#team?.found;
      if (found !== undefined) return true;
      if (this.#options.signal?.aborted === true) cutOffBy.add("interrupted");
      else if (this.#allRuns >= runs) cutOffBy.add(`${runs} runs`);
      else if (performance.now() - this.#began >= ms) cutOffBy.add(`${this.#options.budget ?? "60s"} of time`);
      if (cutOffBy.size > 0 && !search.done) return true;
      // With what was brought back all may be done.
      if (!this.#hasWork(search)) return search.done || "wait";
      // What others have run they have not told yet.
      if (!this.#allowance.take()) return "wait";
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
  #shareOut(search: Search, runs: number): void {
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
          allowance: { runs, taken: this.#allowance.taken },
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
      if (shared.tree.done) return false;
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
      giveUpIfAbandoned(this.#system);
      if (!(error instanceof Diverged)) throw error;
      return nondeterminism(error.message);
    }
    giveUpIfAbandoned(this.#system);
    const { violation, loopsFrom } = this.#system.world ?? {};
    if (violation !== undefined) return { choices: [...search.choices], violation, loopsFrom };
    if (!isSampled(this.#runs)) return undefined;
    const difference = differenceOf(this.#system, [...search.choices]);
    giveUpIfAbandoned(this.#system);
    return difference === undefined ? undefined : nondeterminism(difference);
  }

  async #small(found: Found): Promise<Trace> {
    await blameCheck(this.#stage, found.violation);
    this.#shrinking = true;
    // What others still find is not wanted, and the time of the cores is.
    this.#team?.dispose();
    return await smallest(this.#stage, found);
  }

  /** Takes these steps as long as they can be taken, and then what comes first. */
  async again({ steps, violation }: Trace): Promise<Again> {
    const choices = steps.map((step) => step.choice);
    const neverEnds = violation.kind === "unbounded" || violation.kind === "left-held";
    const maxSteps = neverEnds ? steps.length : MAX_STEPS;
    if (violation.message === RESTLESS) this.#withThreads(REST_AGAIN_MS);
    return await this.#inThreadOrThreads(() => recorded(this.#stage, byName(choices), maxSteps));
  }

  /** The way of running as it is now: another one may be chosen later. */
  get #stage(): Stage {
    return {
      system: this.#system,
      target: this.#target,
      options: this.#options,
      inChunks: (step) => this.#inChunks(step),
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

// Searches parts of a tree that another thread has lent out, one after the other.

import { parentPort, workerData } from "node:worker_threads";
import { Modules } from "../modules/modules.ts";
import { outsideOfJobs } from "../program/drain.ts";
import { Exhaustive } from "../search/exhaustive.ts";
import { Extensions, together } from "../search/extensions.ts";
import { Diverged } from "../search/system.ts";
import { RunAllowance } from "./budget.ts";
import { InThread, type ScenarioSystem } from "./in-thread.ts";
import { InThreads } from "./in-threads.ts";
import { guarded, Restless, restless, TookLong } from "./restless.ts";
import { IsolatedScenario, loadShared, runningProgram } from "./scenario.ts";
import { scenarioFace } from "./scenario-face.ts";
import {
  type Counts,
  type FromSearcher,
  packJob,
  type SearcherData,
  type SentJob,
  type ToSearcher,
  unpackJob,
} from "./searcher-protocol.ts";
import type { Target } from "./terms.ts";

const data = workerData as SearcherData;
const { file, exported, options, maxSteps } = data;
/** How often it tells how far it is, ms. */
const TELL_EVERY_MS = 50;

const modules = new Modules(data.sources);
const shared = options.isolate === false;
const scenario = shared
  ? loadShared(modules, file, exported, scenarioFace)
  : new IsolatedScenario(modules, file, exported, scenarioFace);
const target: Target = { file, modules, scenario, ...(exported !== undefined && { exported }) };
const system: ScenarioSystem = data.threaded ? new InThreads(target, options) : new InThread(scenario, options);
if (system instanceof InThreads) system.aloneMs = data.restMs;

const extensions = new Extensions();
const allowance = new RunAllowance(data.allowance.runs, data.allowance.taken);
/** The search makes no more runs. */
let spent = false;

function tell(message: FromSearcher): void {
  parentPort?.postMessage(message);
}

function noCounts(): Writable<Counts> {
  return { runs: 0, traces: 0, cut: 0, orders: { count: 0n, exact: true } };
}
type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The job that it is at. */
let search: Exhaustive | undefined;
/** Others have nothing to do. */
let asked = false;
/** Goes on where a part has to come back first. */
let wake: (() => void) | undefined;

/** Runs until it is time to tell something. */
function chunk(present: Exhaustive): FromSearcher {
  const until = performance.now() + TELL_EVERY_MS;
  const counts = noCounts();
  while (performance.now() < until && !present.done && !present.waiting) {
    spent = !allowance.take();
    if (spent) break;
    counts.runs += 1;
    const end = present.run();
    if (system.world?.abandoned !== undefined) throw system.world.abandoned;
    if (end === "cut") counts.cut += 1;
    if (end !== "redundant" && present.lastRun !== undefined) {
      counts.traces += 1;
      const { causality, events } = present.lastRun;
      counts.orders = together(counts.orders, extensions.count(causality, events));
    }
    const { violation, loopsFrom } = system.world ?? {};
    if (violation !== undefined) {
      return { kind: "found", counts, found: { choices: present.lastRun?.choices ?? [], violation, loopsFrom } };
    }
  }
  if (!present.done) return { kind: "progress", counts };
  system.seen.note(system.world);
  const { cutPowerLoss, timePassed } = system.seen;
  return { kind: "done", counts, outward: present.takeOutward(), seen: { cutPowerLoss, timePassed } };
}

/** A part for somebody else, if that was asked for. */
function split(present: Exhaustive): void {
  if (!asked) return;
  asked = false;
  const job = present.done ? undefined : present.lend();
  tell({ kind: "part", job: job === undefined ? undefined : packJob(job) });
}

async function carryOut(sent: SentJob): Promise<void> {
  const present = new Exhaustive(system, { maxSteps, job: unpackJob(sent) });
  search = present;
  const step = (): FromSearcher => {
    split(present);
    return chunk(present);
  };
  try {
    for (;;) {
      const message = await outsideOfJobs(
        (kind, error) => runningProgram()?.uncaught(kind, error),
        () => (data.threaded ? step() : guarded(data.restMs, () => system.world, step)),
      );
      if (message.kind === "done") search = undefined;
      tell(message);
      if (message.kind !== "progress" || spent) return;
      if (!present.waiting || asked) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
  } catch (error) {
    if (error instanceof Restless) {
      tell({ kind: "found", counts: { ...noCounts(), runs: 1 }, found: restless(error) });
      return;
    }
    const why = error instanceof Diverged ? "diverged" : error instanceof TookLong ? "took long" : "fault";
    tell({ kind: "failed", why, message: (error as Error).message });
  }
}

parentPort?.on("message", (message: ToSearcher) => {
  if (message.kind === "job") void carryOut(message.job);
  else if (message.kind === "back") search?.giveBack(message, message.outward);
  else if (search === undefined) tell({ kind: "part", job: undefined });
  else asked = true;
  wake?.();
});
tell({ kind: "ready" });

// Several threads at one search: parts of its tree are lent to whoever has nothing to do.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { assert } from "../../errors.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Job } from "../search/exhaustive.ts";
import { type Orders, together } from "../search/extensions.ts";
import type { Reversal } from "../search/reversals.ts";
import { Diverged } from "../search/system.ts";
import type { Wandering } from "../search/wandering.ts";
import { TookLong } from "./restless.ts";
import {
  type FromSearcher,
  packJob,
  type SearcherData,
  type SentJob,
  type ToSearcher,
  unpackJob,
} from "./searcher-protocol.ts";
import type { Found } from "./shrink.ts";
import { Sightings } from "./terms.ts";

const SEARCHER = new URL(import.meta.url.endsWith(".ts") ? "./searcher.ts" : "./searcher.js", import.meta.url);
/** More threads than this gain nothing: what can be lent out runs short. */
const MAX_SEARCHERS = 7;

/** A part of the tree that is lent out, and whose it is: the caller's, or a part of the job of a thread. */
interface Loan {
  readonly job: SentJob;
  readonly owner: Searcher | undefined;
}

interface Searcher {
  readonly worker: Worker;
  /** It has loaded everything. */
  isReady: boolean;
  loan: Loan | undefined;
  /** It was asked for a part of its job, and has not come further since. */
  isAsked: boolean;
}

export class Team {
  readonly #root: Wandering;
  readonly #searchers: Searcher[];
  #wake: (() => void) | undefined;
  runs = 0;
  traces = 0;
  cut = 0;
  orders: Orders = { count: 0n, exact: true };
  readonly seen = new Sightings();
  found: Found | undefined;
  #failure: Error | undefined;
  /** Parts of the jobs of threads, for whoever has nothing to do. */
  readonly #parts: Loan[] = [];
  /** What the caller is at. */
  #own: Loan | undefined;

  /** `cores` counts the caller's own. */
  constructor(root: Wandering, data: SearcherData, cores = availableParallelism()) {
    this.#root = root;
    const count = Math.min(cores - 1, MAX_SEARCHERS);
    // That the program itself was given as text does not hold for a thread that runs a file.
    const flags = process.execArgv.some((one) => one.startsWith("--input-type")) ? { execArgv: [] } : {};
    this.#searchers = Array.from({ length: count }, () => {
      const worker = new Worker(SEARCHER, { workerData: data, ...flags });
      const searcher: Searcher = { worker, isReady: false, loan: undefined, isAsked: false };
      worker.on("message", (message: FromSearcher) => this.#hear(searcher, message));
      worker.on("error", (error) => this.#fail(error));
      return searcher;
    });
  }

  /** Gives everybody something to do, as far as there is. @throws what went wrong in a thread */
  lendOut(): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (const searcher of this.#searchers) {
      if (!searcher.isReady || searcher.loan !== undefined) continue;
      const loan = this.#next();
      if (loan === undefined) return;
      searcher.loan = loan;
      send(searcher, { kind: "job", job: loan.job });
    }
  }

  /** Something to do for the caller, who has nothing left but to wait. */
  borrow(): Job | undefined {
    this.#own = this.#next();
    return this.#own === undefined ? undefined : unpackJob(this.#own.job);
  }

  /** What the caller borrowed is done. */
  bringBack(outward: readonly Reversal[]): void {
    const own = this.#own;
    assert(own !== undefined, "what is brought back was borrowed");
    this.#own = undefined;
    this.#giveBack(own, outward);
  }

  #giveBack({ job, owner }: Loan, outward: readonly Reversal[]): void {
    if (owner === undefined) this.#root.giveBack(job, outward);
    else send(owner, { kind: "back", choices: job.choices, outward });
  }

  /** What can be lent; where there is nothing, those who have something are asked for a part of it. */
  #next(): Loan | undefined {
    const part = this.#parts.shift();
    if (part !== undefined) return part;
    const job = this.#root.lend();
    if (job !== undefined) return { job: packJob(job), owner: undefined };
    for (const searcher of this.#searchers) {
      if (searcher.loan === undefined || searcher.isAsked) continue;
      searcher.isAsked = true;
      send(searcher, { kind: "split" });
      break;
    }
    return undefined;
  }

  /** Resolves when a thread has told something. */
  heard(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  dispose(): void {
    for (const { worker } of this.#searchers) void worker.terminate();
    this.#searchers.length = 0;
  }

  #hear(searcher: Searcher, message: FromSearcher): void {
    if (message.kind === "failed") {
      const { why, message: text } = message;
      if (why === "fault") this.#fail(new ScenarioError(text));
      else this.#fail(why === "diverged" ? new Diverged(0, text) : new TookLong(text));
      return;
    }
    if (message.kind === "ready") searcher.isReady = true;
    else if (message.kind === "part") {
      if (message.job !== undefined) this.#parts.push({ job: message.job, owner: searcher });
    } else this.#count(searcher, message);
    this.#wake?.();
  }

  #count(searcher: Searcher, message: Extract<FromSearcher, { counts: unknown }>): void {
    this.runs += message.counts.runs;
    this.traces += message.counts.traces;
    this.cut += message.counts.cut;
    this.orders = together(this.orders, message.counts.orders);
    // One who waits for a part of its own has no other to give.
    if (message.counts.runs > 0 || message.kind === "done") searcher.isAsked = false;
    if (message.kind === "found") this.found ??= message.found;
    const { loan } = searcher;
    if (message.kind !== "done" || loan === undefined) return;
    this.seen.add(message.seen);
    searcher.loan = undefined;
    this.#giveBack(loan, message.outward);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

function send({ worker }: Searcher, message: ToSearcher): void {
  worker.postMessage(message);
}

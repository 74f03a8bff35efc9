// Several threads at one search: parts of its tree are lent to whoever has nothing to do.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ScenarioError } from "../scenario-error.ts";
import type { Exhaustive, Job } from "../search/exhaustive.ts";
import { type Orders, together } from "../search/extensions.ts";
import { Diverged } from "../search/system.ts";
import { TookLong } from "./restless.ts";
import { type FromSearcher, packJob, type SearcherData } from "./searcher-protocol.ts";
import type { Found } from "./shrink.ts";
import { Sightings } from "./terms.ts";

const SEARCHER = new URL(import.meta.url.endsWith(".ts") ? "./searcher.ts" : "./searcher.js", import.meta.url);
/** More threads than this gain nothing: what can be lent out runs short. */
const MAX_SEARCHERS = 7;

interface Searcher {
  readonly worker: Worker;
  job: Job | undefined;
}

export class Team {
  readonly #root: Exhaustive;
  readonly #searchers: Searcher[];
  #wake: (() => void) | undefined;
  runs = 0;
  traces = 0;
  cut = 0;
  orders: Orders = { count: 0n, exact: true };
  readonly seen = new Sightings();
  found: Found | undefined;
  #failure: Error | undefined;

  /** `cores` counts the caller's own. */
  constructor(root: Exhaustive, data: SearcherData, cores = availableParallelism()) {
    this.#root = root;
    const count = Math.min(cores - 1, MAX_SEARCHERS);
    this.#searchers = Array.from({ length: count }, () => {
      const searcher: Searcher = { worker: new Worker(SEARCHER, { workerData: data }), job: undefined };
      searcher.worker.unref();
      searcher.worker.on("message", (message: FromSearcher) => this.#hear(searcher, message));
      searcher.worker.on("error", (error) => this.#fail(error));
      return searcher;
    });
  }

  /** Gives everybody something to do, as far as there is. @throws what went wrong in a thread */
  lendOut(): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (const searcher of this.#searchers) {
      if (searcher.job !== undefined) continue;
      searcher.job = this.#root.lend();
      if (searcher.job === undefined) return;
      searcher.worker.postMessage(packJob(searcher.job));
    }
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
    this.runs += message.counts.runs;
    this.traces += message.counts.traces;
    this.cut += message.counts.cut;
    this.orders = together(this.orders, message.counts.orders);
    if (message.kind === "found") this.found ??= message.found;
    if (message.kind === "done" && searcher.job !== undefined) {
      this.seen.add(message.seen);
      const { job } = searcher;
      searcher.job = undefined;
      this.#root.giveBack(job, message.outward);
    }
    this.#wake?.();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

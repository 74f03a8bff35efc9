// Group commit: appends that wait at the same time are written in one transaction with one fsync, in order of arrival.

import { HoldfastError } from "../errors.ts";
import { busy } from "./request-body.ts";
import type { AppendOutcome, Batch, EntryStorage } from "./storage.ts";

/** Appends that may wait; one more is told to come back. */
const MAX_WAITING = 1_000;
/** Appends, and entries, in one transaction: bounds how long the others wait for it. */
const MAX_GROUP = 128;
const MAX_GROUP_ENTRIES = 2_000;

interface Waiting {
  readonly batch: Batch;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export class AppendQueue {
  private readonly entries: EntryStorage;
  private readonly waiting: Waiting[] = [];
  private working: Promise<void> | undefined;

  constructor(entries: EntryStorage) {
    this.entries = entries;
  }

  /** Resolves when the batch is durable or refused. Throws 503 when too many wait, and what made the write fail. */
  append(batch: Batch): Promise<AppendOutcome> {
    if (this.waiting.length >= MAX_WAITING) return Promise.reject(busy("too many appends are waiting"));
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
      this.working ??= this.work();
    });
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.working !== undefined) await this.working;
  }

  private async work(): Promise<void> {
    // Requests that arrived in this turn of the event loop join the first group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      await this.appendGroup(this.nextGroup());
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.working = undefined;
  }

  private nextGroup(): Waiting[] {
    let count = 0;
    let entries = 0;
    for (const { batch } of this.waiting.slice(0, MAX_GROUP)) {
      if (count > 0 && entries + batch.entries.length > MAX_GROUP_ENTRIES) break;
      count += 1;
      entries += batch.entries.length;
    }
    return this.waiting.splice(0, count);
  }

  private async appendGroup(group: readonly Waiting[]): Promise<void> {
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await this.entries.append(group.map(({ batch }) => batch));
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const [place, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[place];
      if (outcome === undefined) reject(new HoldfastError("INTERNAL", "an append without outcome"));
      else if (outcome.outcome === "failed") reject(outcome.error);
      else resolve(outcome);
    }
  }
}

// Tells, on stderr, how far something is that takes longer than a second: bytes, files, rate, time left. One line that
// rewrites itself on a terminal, plain lines every few seconds elsewhere, nothing with `--json`.

import { durationText, sizeText } from "./text.ts";

const FIRST_AFTER_MS = 1_000;
const TERMINAL_EVERY_MS = 200;
const PLAIN_EVERY_MS = 3_000;

export interface ProgressGoal {
  readonly label: string;
  readonly totalBytes?: number | undefined;
  readonly totalFiles?: number | undefined;
}

/** What the phases of a sync are called. */
const PHASES = { scan: "saving what is new here", pull: "taking in", push: "sending" } as const;

/** How far a phase of a sync is, for `update`. */
export function reachedOf({ phase, files, totalFiles, bytes }: PhaseReached): Reached {
  return { label: PHASES[phase], files, totalFiles, bytes };
}

export interface PhaseReached {
  readonly phase: keyof typeof PHASES;
  readonly files: number;
  readonly totalFiles?: number | undefined;
  readonly bytes: number;
}

export interface Reached {
  readonly label?: string;
  readonly bytes?: number;
  readonly files?: number;
  readonly totalBytes?: number | undefined;
  readonly totalFiles?: number | undefined;
}

/** Where the lines go: stderr, or a stand-in. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress implements Disposable {
  private readonly goal: ProgressGoal;
  private readonly output: ProgressOutput | undefined;
  private readonly now: () => number;
  private startedMs: number;
  private nextMs: number;
  private reached: Reached = {};
  private widest = 0;

  constructor(
    call: { readonly json: boolean },
    goal: ProgressGoal,
    output: ProgressOutput = process.stderr,
    now: () => number = () => performance.now(),
  ) {
    this.goal = goal;
    this.output = call.json ? undefined : output;
    this.now = now;
    this.startedMs = now();
    this.nextMs = this.startedMs + FIRST_AFTER_MS;
  }

  update(reached: Reached): void {
    const nowMs = this.now();
    // Rate and time left are those of one phase.
    if (reached.label !== undefined && reached.label !== this.reached.label) this.startedMs = nowMs;
    this.reached = { ...this.reached, ...reached };
    if (this.output === undefined || nowMs < this.nextMs) return;
    this.nextMs = nowMs + (this.output.isTTY ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS);
    const line = progressLine(this.goal, this.reached, nowMs - this.startedMs);
    if (this.output.isTTY) {
      this.widest = Math.max(this.widest, line.length);
      this.output.write(`\r${line.padEnd(this.widest)}`);
    } else {
      this.output.write(`${line}\n`);
    }
  }

  /** Passes `chunks` on and counts them. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      yield chunk;
      bytes += chunk.length;
      this.update({ bytes });
    }
  }

  /** Wipes the line that it left on a terminal. */
  [Symbol.dispose](): void {
    if (this.widest > 0) this.output?.write(`\r${" ".repeat(this.widest)}\r`);
    this.widest = 0;
  }
}

/** `saving: 512 MiB of 1.0 GiB, 3 of 20 files, 120 MiB/s, 5 s left` */
export function progressLine(goal: ProgressGoal, reached: Reached, elapsedMs: number): string {
  const totalBytes = reached.totalBytes ?? goal.totalBytes;
  const totalFiles = reached.totalFiles ?? goal.totalFiles;
  const parts: string[] = [];
  const { bytes, files } = reached;
  if (files !== undefined) parts.push(`${files}${totalFiles === undefined ? "" : ` of ${totalFiles}`} files`);
  if (bytes !== undefined) {
    parts.push(totalBytes === undefined ? sizeText(bytes) : `${sizeText(bytes)} of ${sizeText(totalBytes)}`);
    parts.push(`${sizeText(Math.round((bytes / Math.max(1, elapsedMs)) * 1_000))}/s`);
  }
  const [done, total] = totalBytes !== undefined && bytes !== undefined ? [bytes, totalBytes] : [files, totalFiles];
  if (done !== undefined && total !== undefined && done > 0 && total >= done) {
    parts.push(`${durationText(((total - done) / done) * elapsedMs)} left`);
  }
  return `${reached.label ?? goal.label}: ${parts.join(", ")}`;
}

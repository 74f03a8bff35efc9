// Tells, on stderr, how far something is that takes longer than a second: bytes, files, rate, time left. Nothing with `--json`.

import { type ProgressOutput, StatusLine } from "./status-line.ts";
import { durationText, sizeText } from "./text.ts";

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

export class Progress implements Disposable {
  private readonly goal: ProgressGoal;
  private readonly line: StatusLine;
  private readonly now: () => number;
  private startedMs: number;
  private reached: Reached = {};

  constructor(
    call: { readonly json: boolean },
    goal: ProgressGoal,
    output: ProgressOutput = process.stderr,
    now: () => number = () => performance.now(),
  ) {
    this.goal = goal;
    this.now = now;
    this.startedMs = now();
    this.line = new StatusLine(call.json ? undefined : output, this.startedMs);
  }

  update(reached: Reached): void {
    const nowMs = this.now();
    // Rate and time left are those of one phase.
    if (reached.label !== undefined && reached.label !== this.reached.label) this.startedMs = nowMs;
    this.reached = { ...this.reached, ...reached };
    this.line.tell(nowMs, () => progressLine(this.goal, this.reached, nowMs - this.startedMs));
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
    this.line[Symbol.dispose]();
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

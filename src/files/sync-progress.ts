// How far looking, sending and taking in are: counted by whoever does it, told a few times a second.

import type { OnFolderEvent, Phase } from "./events.ts";

const TELL_EVERY_MS = 250;

interface Reached {
  files: number;
  bytes: number;
  total: (() => number | undefined) | undefined;
}

export class SyncProgress {
  private readonly tell: OnFolderEvent;
  private toldAt = Number.NEGATIVE_INFINITY;
  private readonly reached: Record<Phase, Reached> = { scan: nothing(), pull: nothing(), push: nothing() };

  constructor(tell: OnFolderEvent) {
    this.tell = tell;
  }

  /** Counts `phase` from zero again. `total`: how many files it will have been, as far as that is known when asked. */
  begin(phase: Phase, total?: () => number | undefined): void {
    this.reached[phase] = { ...nothing(), total };
  }

  add(phase: Phase, more: { readonly files?: number; readonly bytes?: number }): void {
    const reached = this.reached[phase];
    reached.files += more.files ?? 0;
    reached.bytes += more.bytes ?? 0;
    this.maybeTell(phase, reached.bytes);
  }

  /** Of one large file, `bytes` are done: they count once it is done. */
  within(phase: Phase, bytes: number): void {
    this.maybeTell(phase, this.reached[phase].bytes + bytes);
  }

  private maybeTell(phase: Phase, bytes: number): void {
    const now = performance.now();
    const { files, total } = this.reached[phase];
    if (now - this.toldAt < TELL_EVERY_MS || (files === 0 && bytes === 0)) return;
    this.toldAt = now;
    const totalFiles = total?.();
    this.tell({ kind: "progress", phase, files, bytes, ...(totalFiles === undefined ? {} : { totalFiles }) });
  }
}

function nothing(): Reached {
  return { files: 0, bytes: 0, total: undefined };
}

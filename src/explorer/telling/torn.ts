// A read that finds nothing where another process has made or emptied the file, and has not written it yet: the file was
// seen half done, though not by two steps on one resource, as the name is one and the content another.

import type { Step } from "../trace.ts";
import { created, deed, doing, emptied, NOTHING } from "./deed.ts";

export interface TornRead {
  /** The open that made or emptied the file. */
  readonly opened: Step;
  readonly read: Step;
  /** The write that came too late; undefined when the run ended before it. */
  readonly written: Step | undefined;
  readonly path: string;
}

/** The last read of a file that was half done, in a trace that has one. Who was killed half-way is told of elsewhere. */
export function tornRead(steps: readonly Step[]): TornRead | undefined {
  if (steps.some(({ kind }) => kind === "crash" || kind === "power-loss")) return undefined;
  for (let at = steps.length - 1; at > 0; at--) {
    const read = steps[at];
    if (read === undefined || deed(read).verb !== "read" || read.outcome !== NOTHING) continue;
    const torn = tornBy(steps, read, at);
    if (torn !== undefined) return torn;
  }
  return undefined;
}

/** @returns how this read came to find nothing, if another process is to blame */
function tornBy(steps: readonly Step[], read: Step, at: number): TornRead | undefined {
  const { path } = deed(read);
  for (let back = at - 1; back >= 0; back--) {
    const opened = steps[back];
    if (opened === undefined || deed(opened).path !== path) continue;
    // It found nothing because it had read all there was, or because it was written so.
    if (deed(opened).verb === "write" || isFilledRead(opened, read)) return undefined;
    if (opened.process === read.process || !(emptied(opened) || created(opened))) continue;
    const written = steps.slice(at + 1).find((step) => {
      const { verb, path: its } = deed(step);
      return step.process === opened.process && verb === "write" && its === path;
    });
    return { opened, read, written, path };
  }
  return undefined;
}

function isFilledRead(step: Step, read: Step): boolean {
  return step.process === read.process && deed(step).verb === "read" && step.outcome !== NOTHING;
}

/** For a run that ended before the write. */
export function tornSentence({ opened, read, path }: TornRead): string {
  const before = `${opened.process} ${doing(opened)} in step ${opened.number}`;
  return `${before}, and ${read.process} ${doing(read, path)} in step ${read.number} (${NOTHING}), before ${opened.process} had written it.`;
}

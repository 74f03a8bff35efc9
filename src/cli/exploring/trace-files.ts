// The files that a violation leaves: the trace, to be run again, and the picture of it.

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HoldfastError, toHoldfastError } from "../../errors.ts";
import { html, type Trace } from "../../explorer/index.ts";
import type { Call } from "../call.ts";
import { writeWhole } from "../write-whole.ts";

/** Names tried beside files that are not ours. */
const MAX_NAMES = 100;
const BEGINNING_BYTES = 100;

/** Where the two files are to go; as a person would write them, from the current folder. */
export interface TracePlaces {
  readonly trace: string;
  readonly html: string;
}

/** What became of them. */
export interface WrittenTrace {
  readonly trace: string;
  readonly html: string;
  /** Why one of them could not be written: the violation is to be told all the same. */
  readonly problem: HoldfastError | undefined;
}

/** Throws before anything is explored if what was asked for cannot be written. */
export function tracePlaces(call: Call, file: string, exported: string | undefined): TracePlaces {
  const [trace, picture] = [call.text("trace"), call.text("html")];
  for (const given of [trace, picture]) if (given !== undefined) refuseUnwritable(resolve(call.cwd, given));
  const name = basename(file).replace(/(\.race)?\.[cm]?[jt]sx?$/, "") || "race";
  const chosen = trace ?? freeName(call.cwd, exported === undefined ? name : `${name}.${exported}`);
  return { trace: chosen, html: picture ?? `${chosen.replace(/(\.trace)?\.json$/, "")}.trace.html` };
}

/** Writes both, as far as that is possible. */
export async function writeTrace(call: Call, places: TracePlaces, trace: Trace): Promise<WrittenTrace> {
  try {
    await writeText(resolve(call.cwd, places.trace), `${JSON.stringify(trace, null, 2)}\n`);
    await writeHtml(call, places.html, trace);
    return { ...places, problem: undefined };
  } catch (error) {
    return { ...places, problem: toHoldfastError(error) };
  }
}

export async function writeHtml(call: Call, file: string, trace: Trace): Promise<void> {
  await writeText(resolve(call.cwd, file), html(trace));
}

async function writeText(path: string, text: string): Promise<void> {
  const bytes = async function* () {
    yield Buffer.from(text);
  };
  // Also after Ctrl-C: what was found is kept.
  await writeWhole(path, bytes(), new AbortController().signal);
}

function refuseUnwritable(path: string): void {
  if (isFolder(path))
    throw new HoldfastError("USAGE", `${path} is a folder`, { hint: "Name the file to write in it." });
  if (isFolder(dirname(path))) return;
  throw new HoldfastError("NOT_A_FOLDER", `${dirname(path)} is not a folder`, {
    hint: "Make it first, or name another file.",
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** `balance.trace.json`, or with a number when a file of that name is not one that we wrote. */
function freeName(folder: string, name: string): string {
  for (let number = 1; number <= MAX_NAMES; number++) {
    const stem = number === 1 ? name : `${name}.${number}`;
    const [trace, picture] = [`${stem}.trace.json`, `${stem}.trace.html`];
    const isOurs = beginningOf(join(folder, trace))?.includes('"holdfast-trace"');
    if (isOurs === true) return trace;
    if (isOurs === undefined && beginningOf(join(folder, picture)) === undefined) return trace;
  }
  throw new HoldfastError("USAGE", `${name}.trace.json and ${MAX_NAMES} more names like it are taken`, {
    hint: "Name another file with --trace.",
  });
}

/** The first bytes of a file; undefined when there is none; "" for what cannot be read. */
function beginningOf(path: string): string | undefined {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === undefined) return undefined;
    const fd = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(BEGINNING_BYTES);
      return bytes.toString("latin1", 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}

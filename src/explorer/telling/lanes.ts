// A trace as swim lanes in the terminal: time runs down, a column for each process, a row for each step, and a bar at
// the left along the losing window.

import type { Trace } from "../trace.ts";
import { type Lanes, laneRow, laneWidths, type Paint, switchRow } from "./lane-row.ts";
import { type Marks, marks, WORD_COLUMNS } from "./marks.ts";
import { padded, printable, printableLines, shortened, wrapped } from "./printable.ts";
import { sentence } from "./sentence.ts";
import { violationTitle } from "./step-text.ts";
import { movedTo, processesOf, timePasses } from "./times.ts";
import { waitingProcesses } from "./waiting-sentence.ts";

export interface LaneOptions {
  /** Columns of the terminal, at least 48. Default 100. */
  readonly width?: number;
  /** Terminal colours. Default false. */
  readonly colour?: boolean;
}

const STYLES = { window: "33", bad: "31", dim: "2", bold: "1" } as const;
const NARROWEST = 48;
const LEGEND = "Time runs down; each process has a lane. ● is a step, → what came of it.";
const WINDOW_LEGEND = "┃ marks the steps that lost the race.";
/** Lines of the failure's message: assertion diffs can be pages. */
const MESSAGE_LINES = 20;
const PLACES = 8;

/** The whole picture, without a line break at its end. */
export function lanes(trace: Trace, { width = 100, colour = false }: LaneOptions = {}): string {
  const columns = Math.max(NARROWEST, Math.floor(width));
  const paint: Paint = (style, text) => (colour && text !== "" ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text);
  const marked = marks(trace);
  const blocks = [
    wrapped(sentence(trace), columns).map((line) => paint("bold", line)),
    wrapped(marked.window === undefined ? LEGEND : `${LEGEND} ${WINDOW_LEGEND}`, columns).map((line) =>
      paint("dim", line),
    ),
    picture(trace, marked, columns, paint),
    ending(trace, columns, paint),
    places(trace, marked, columns),
  ];
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n");
}

function picture(trace: Trace, marked: Marks, columns: number, paint: Paint): string[] {
  const { steps } = trace;
  const gutter = gutterOf(trace, marked);
  const processes = processesOf(steps);
  const drawn: Lanes = {
    processes,
    widths: laneWidths(processes, columns - gutter.columns),
    alive: new Set(),
    lastStep: lastSteps(trace),
    paint,
  };
  const rows = [gutter.head(paint) + heading(drawn)];
  let running = "";
  for (const [index, step] of steps.entries()) {
    if (running !== "" && step.process !== "" && step.process !== running) {
      rows.push(gutter.between(index, paint) + switchRow(drawn, running, step.process));
    }
    if (step.process !== "") running = step.process;
    rows.push(gutter.at(index, paint) + laneRow(drawn, step));
  }
  return rows.map((row) => row.trimEnd());
}

/** A lane ends with its process's last step; who waits or never ends keeps it. */
function lastSteps({ steps, violation }: Trace): Map<string, number> {
  const last = new Map(steps.map(({ process, number }) => [process, number]));
  if (violation.kind === "deadlock") {
    for (const process of waitingProcesses(steps, violation.message)) last.delete(process);
  }
  if (violation.kind === "unbounded") last.delete(violation.process);
  return last;
}

function heading({ processes, widths, paint }: Lanes): string {
  if (widths.kind === "narrow")
    return paint("dim", shortened(`lanes: ${processes.map(printable).join(", ")}`, widths.text));
  return processes
    .map((process) => paint("bold", padded(shortened(printable(process), widths.lane - 2), widths.lane)))
    .join("");
}

interface Gutter {
  readonly columns: number;
  head(paint: Paint): string;
  at(index: number, paint: Paint): string;
  /** For a row that stands before the step. */
  between(index: number, paint: Paint): string;
}

/** Number, time where it moves, and the bar of the losing window with its words. */
function gutterOf({ steps }: Trace, marked: Marks): Gutter {
  const numbers = Math.max(4, String(steps.length).length);
  const times = timePasses(steps) ? Math.max(...steps.map((_, index) => movedTo(steps, index).length)) : 0;
  const timeRoom = times === 0 ? 0 : times + 2;
  const words = marked.window === undefined ? 0 : WORD_COLUMNS + 4;
  const left = (number: string, time: string, paint: Paint): string =>
    paint("dim", number.padStart(numbers)) + (timeRoom === 0 ? "" : paint("dim", time.padStart(timeRoom)));
  const bar = (word: string, sign: string, paint: Paint): string =>
    words === 0 ? "  " : `${paint("window", `  ${word.padStart(WORD_COLUMNS)} ${sign}`.padEnd(words))} `;
  return {
    columns: numbers + timeRoom + (words === 0 ? 2 : words + 1),
    head: (paint) => left("step", times === 0 ? "" : "time", paint) + bar("", "", paint),
    at: (index, paint) => {
      const number = steps[index]?.number ?? 0;
      return (
        left(String(number), movedTo(steps, index), paint) +
        bar(marked.wordOf(number) ?? "", signOf(marked, number), paint)
      );
    },
    between: (index, paint) => {
      const mark = marked.markOf(steps[index]?.number ?? 0);
      return left("", "", paint) + bar("", mark === undefined || mark === "first" ? "" : "┃", paint);
    },
  };
}

function signOf(marked: Marks, step: number): string {
  const mark = marked.markOf(step);
  if (mark === undefined) return "";
  return { first: "┏", between: "┣", last: "┗", inside: "┃" }[mark];
}

/** The violation, below everything. */
function ending({ violation }: Trace, columns: number, paint: Paint): string[] {
  const lines = printableLines(violation.message).flatMap((line) => wrapped(line, columns - 2));
  const shown = lines.slice(0, MESSAGE_LINES);
  if (lines.length > shown.length) shown.push(`… ${lines.length - shown.length} more lines`);
  const title = wrapped(`✗ ${violationTitle(violation)}`, columns).map((line) => paint("bad", line));
  return [...title, ...shown.map((line) => (line === "" ? "" : `  ${line}`))];
}

/** Where in the program the window's steps were asked for; several steps of one call of the program are one line. */
function places({ steps }: Trace, { window, wordOf }: Marks, columns: number): string[] {
  if (window === undefined) return [];
  const told = new Map<string, string>();
  for (const number of [window.look, ...window.between, window.act]) {
    const step = steps[number - 1];
    if (step?.site === undefined) continue;
    const what = `${printable(step.process)} ${wordOf(number)}: ${printable(step.site)}`;
    told.set(what, shortened(`  step ${String(number).padEnd(4)} ${what}`, columns));
  }
  return told.size === 0 ? [] : ["In the code:", ...[...told.values()].slice(0, PLACES)];
}

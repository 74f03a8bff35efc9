// The lanes as SVG: a row for each step, a line for each process, a curve where another process goes on.

import type { Step, Trace } from "../trace.ts";
import { escaped } from "./html.ts";
import type { Marks } from "./marks.ts";
import { columnsOf, printable, shortened } from "./printable.ts";
import { ARROW, fitted, stepText } from "./step-text.ts";
import { movedTo, processesOf, timePasses } from "./times.ts";

const ROW = 24;
const HEAD = 34;
/** Of a monospaced character at the font size of the style sheet. */
const CHARACTER = 7.25;
const WIDEST_TEXT = 46;
const NARROWEST_TEXT = 18;
const NUMBER_RIGHT = 44;
const TIME_WIDTH = 84;
const WORD_WIDTH = 76;
const DOT = 5;

interface Layout {
  readonly lanes: ReadonlyMap<string, Lane>;
  /** Right edges of the texts beside the lanes. */
  readonly timeRight: number;
  readonly wordRight: number;
  readonly lanesLeft: number;
  readonly width: number;
  readonly height: number;
}

interface Lane {
  readonly x: number;
  /** Characters that fit beside a dot. */
  readonly columns: number;
}

/** A heading that stays in sight, and the drawing. */
export function laneDrawing(trace: Trace, marked: Marks): string {
  const { steps } = trace;
  const layout = layoutOf(steps, marked);
  const names = [...layout.lanes].map(([process, { x, columns }]) => {
    return `<text class="name" x="${x - DOT}" y="22">${escaped(shortened(printable(process), columns))}</text>`;
  });
  const body = [
    band(steps, marked, layout),
    ...[...layout.lanes].map(([process, { x }]) => laneLines(steps, process, x)),
    ...steps.map((step, index) => switchCurve(steps, index, step, layout)),
    ...steps.map((step, index) => stepGroup(trace, marked, layout, step, index)),
  ];
  const head = `<svg width="${layout.width}" height="${HEAD}" aria-hidden="true">${names.join("")}</svg>`;
  const drawn = `<svg id="lanes" width="${layout.width}" height="${layout.height}" role="listbox" aria-label="Steps">`;
  return `<div class="head">${head}</div>\n${drawn}\n${body.filter((part) => part !== "").join("\n")}\n</svg>`;
}

function layoutOf(steps: readonly Step[], marked: Marks): Layout {
  const timeRight = NUMBER_RIGHT + (timePasses(steps) ? TIME_WIDTH : 0);
  const wordRight = timeRight + (marked.window === undefined ? 0 : WORD_WIDTH);
  const lanesLeft = wordRight + 34;
  const lanes = new Map<string, Lane>();
  const widest = widestTexts(steps);
  let x = lanesLeft;
  for (const process of processesOf(steps)) {
    const wanted = Math.max(widest.get(process) ?? 0, columnsOf(printable(process)));
    const columns = Math.min(WIDEST_TEXT, Math.max(NARROWEST_TEXT, wanted));
    lanes.set(process, { x, columns });
    x += Math.ceil(columns * CHARACTER) + 40;
  }
  const width = Math.max(x, lanesLeft + 400);
  return { lanes, timeRight, wordRight, lanesLeft, width, height: steps.length * ROW + 12 };
}

/** For each process, the columns of its longest step. */
function widestTexts(steps: readonly Step[]): Map<string, number> {
  const widest = new Map<string, number>();
  for (const step of steps) widest.set(step.process, Math.max(widest.get(step.process) ?? 0, widthOf(stepText(step))));
  return widest;
}

function widthOf({ call, outcome }: { call: string; outcome: string }): number {
  return columnsOf(call) + (outcome === "" ? 0 : ARROW.length + columnsOf(outcome));
}

/** What happens to all processes at once is written from the left edge on. */
function laneOf(layout: Layout, process: string): Lane {
  return layout.lanes.get(process) ?? { x: layout.lanesLeft, columns: WIDEST_TEXT };
}

function rowY(index: number): number {
  return index * ROW + ROW / 2;
}

/** The losing window: a band across all lanes, and a bar at its left. */
function band(steps: readonly Step[], { window }: Marks, layout: Layout): string {
  if (window === undefined) return "";
  const top = steps.findIndex(({ number }) => number === window.look) * ROW;
  const height = (steps.findIndex(({ number }) => number === window.act) + 1) * ROW - top;
  const bar = layout.wordRight + 12;
  return (
    `<rect class="window" x="0" y="${top}" width="${layout.width}" height="${height}"/>` +
    `<rect class="bar" x="${bar}" y="${top + 3}" width="4" height="${height - 6}" rx="2"/>`
  );
}

/** From a process's first step to its last, but for the time in which it was dead. */
function laneLines(steps: readonly Step[], process: string, x: number): string {
  const lines: string[] = [];
  let from: number | undefined;
  let to: number | undefined;
  const draw = (): void => {
    if (from === undefined || to === undefined) return;
    lines.push(`<line class="lane" x1="${x}" y1="${rowY(from)}" x2="${x}" y2="${rowY(to)}"/>`);
    from = undefined;
  };
  for (const [index, step] of steps.entries()) {
    if (step.process === process) {
      from ??= index;
      to = index;
      if (step.kind === "crash") draw();
    } else if (step.kind === "power-loss") draw();
  }
  draw();
  return lines.join("");
}

/** From the step before to this one, when it is of another process. */
function switchCurve(steps: readonly Step[], index: number, step: Step, layout: Layout): string {
  const before = steps[index - 1];
  if (before === undefined || before.process === step.process || before.process === "" || step.process === "")
    return "";
  const [x1, x2] = [before, step].map(({ process }) => laneOf(layout, process).x);
  const [y1, y2] = [rowY(index - 1), rowY(index)];
  const middle = (y1 + y2) / 2;
  return `<path class="switch" d="M${x1} ${y1 + DOT}C${x1} ${middle + 4} ${x2} ${middle - 4} ${x2} ${y2 - DOT}"/>`;
}

function stepGroup({ steps }: Trace, marked: Marks, layout: Layout, step: Step, index: number): string {
  const y = rowY(index);
  const base = y + 4;
  const bad = step.failed || step.kind === "crash" || step.kind === "power-loss";
  const mark = marked.markOf(step.number);
  const classes = ["step", step.kind, bad ? "bad" : "", mark === undefined ? "" : `is-${mark}`].filter(
    (one) => one !== "",
  );
  const { x, columns } = laneOf(layout, step.process);
  const full = stepText(step);
  const { call, outcome } = fitted(full, columns);
  const name = printable(step.process === "" ? "all" : step.process);
  const label = `${step.number} ${name}: ${full.call}${full.outcome === "" ? "" : ARROW + full.outcome}`;
  const word = marked.wordOf(step.number);
  const time = movedTo(steps, index);
  return [
    `<g id="s${step.number}" class="${classes.join(" ")}" role="option" tabindex="${index === 0 ? 0 : -1}" aria-label="${escaped(label)}">`,
    `<title>${escaped(label)}</title>`,
    `<rect class="row" x="0" y="${y - ROW / 2}" width="${layout.width}" height="${ROW}"/>`,
    `<text class="number" x="${NUMBER_RIGHT}" y="${base}">${step.number}</text>`,
    time === "" ? "" : `<text class="number" x="${layout.timeRight}" y="${base}">${escaped(time)}</text>`,
    word === undefined ? "" : `<text class="word" x="${layout.wordRight}" y="${base}">${escaped(word)}</text>`,
    dot(step, x, y),
    `<text class="call" x="${x + 14}" y="${base}">${escaped(call)}`,
    outcome === "" ? "" : `<tspan class="arrow">${ARROW}</tspan><tspan class="outcome">${escaped(outcome)}</tspan>`,
    "</text></g>",
  ].join("");
}

function dot({ kind }: Step, x: number, y: number): string {
  if (kind !== "crash" && kind !== "power-loss") return `<circle class="dot" cx="${x}" cy="${y}" r="${DOT}"/>`;
  const [left, right, top, bottom] = [x - DOT, x + DOT, y - DOT, y + DOT];
  return `<path class="dot cross" d="M${left} ${top}L${right} ${bottom}M${left} ${bottom}L${right} ${top}"/>`;
}

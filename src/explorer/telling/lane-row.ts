// One row of the swim lanes: the step's dot in its process's lane, a line in every other lane whose process is alive.

import type { Step } from "../trace.ts";
import { columnsOf, padded, printable, shortened } from "./printable.ts";
import { ARROW, fitted, stepText } from "./step-text.ts";

/** Colours `text` for a terminal, or leaves it. */
export type Paint = (style: "window" | "bad" | "dim" | "bold", text: string) => string;

/** `wide`: the words stand in the lane. `narrow`: lanes of two columns, and the words to their right. */
export type LaneWidths =
  | { readonly kind: "wide"; readonly lane: number }
  | { readonly kind: "narrow"; readonly text: number };

export interface Lanes {
  readonly processes: readonly string[];
  readonly widths: LaneWidths;
  /** Processes that have begun and are not done; the rows keep it up to date. */
  readonly alive: Set<string>;
  /** The number of the last step of each process after which nothing holds it any more. */
  readonly lastStep: ReadonlyMap<string, number>;
  readonly paint: Paint;
}

/** Lanes narrower than this show nothing but dots. */
const LEAST_WIDE = 26;
const NARROW_LANE = 2;
/** Of a name that stands before the words. */
const NAME_COLUMNS = 10;

export function laneWidths(processes: readonly string[], columns: number): LaneWidths {
  const lane = Math.floor(columns / Math.max(1, processes.length));
  if (lane >= LEAST_WIDE) return { kind: "wide", lane };
  return { kind: "narrow", text: Math.max(8, columns - processes.length * NARROW_LANE - 1) };
}

export function laneRow(lanes: Lanes, step: Step): string {
  const { processes, widths, alive, lastStep, paint } = lanes;
  if (step.process === "") return wholeRow(lanes, step);
  if (step.kind === "crash" || lastStep.get(step.process) === step.number) alive.delete(step.process);
  else alive.add(step.process);
  const text = words(step, widths.kind === "wide" ? widths.lane - 3 : widths.text, lanes);
  const cells = processes.map((process) => {
    const dot = process === step.process ? dotOf(step) : alive.has(process) ? "│" : " ";
    const painted =
      process === step.process ? (step.failed || step.kind === "crash" ? paint("bad", dot) : dot) : paint("dim", dot);
    if (widths.kind === "narrow") return `${painted} `;
    return process === step.process ? `${painted} ${text} ` : padded(painted, 0) + " ".repeat(widths.lane - 1);
  });
  return widths.kind === "narrow" ? `${cells.join("")} ${text}` : cells.join("");
}

/** The call and its outcome, as wide as `columns`. */
function words(step: Step, columns: number, { widths, paint }: Lanes): string {
  const name =
    widths.kind === "narrow"
      ? `${shortened(printable(step.process), Math.min(NAME_COLUMNS, Math.floor(columns / 2)))}  `
      : "";
  const { call, outcome } = fitted(stepText(step), columns - columnsOf(name));
  const used = columnsOf(name) + columnsOf(call) + (outcome === "" ? 0 : ARROW.length + columnsOf(outcome));
  const fill = widths.kind === "narrow" ? "" : " ".repeat(Math.max(0, columns - used));
  const bad = step.failed || step.kind === "crash";
  const shownCall = bad && outcome === "" ? paint("bad", call) : call;
  const shown =
    outcome === "" ? shownCall : `${shownCall}${paint("dim", ARROW)}${bad ? paint("bad", outcome) : outcome}`;
  return paint("dim", name) + shown + fill;
}

function dotOf({ kind }: Step): string {
  if (kind === "start" || kind === "restart") return "○";
  return kind === "crash" ? "✗" : "●";
}

/** What happens to all processes at once runs across all lanes. */
function wholeRow({ widths, processes, alive, paint }: Lanes, step: Step): string {
  if (step.kind === "power-loss") alive.clear();
  const columns =
    widths.kind === "wide"
      ? widths.lane * Math.max(1, processes.length) - 2
      : widths.text + processes.length * NARROW_LANE;
  const { call, outcome } = fitted(stepText(step), Math.max(8, columns - 8));
  const text = `━━ ${call}${outcome === "" ? "" : ARROW + outcome} `;
  return paint(step.kind === "power-loss" ? "bad" : "dim", text + "━".repeat(Math.max(0, columns - columnsOf(text))));
}

/** A line from the lane that ran to the lane that runs now. */
export function switchRow({ processes, widths, alive, paint }: Lanes, from: string, to: string): string {
  const lane = widths.kind === "wide" ? widths.lane : NARROW_LANE;
  const start = processes.indexOf(from);
  const end = processes.indexOf(to);
  const [low, high] = [Math.min(start, end), Math.max(start, end)];
  const row = processes.map((process, index) => {
    const across = index >= low && index < high ? "─" : " ";
    return signOf(index, process) + across.repeat(lane - 1);
  });
  return paint("dim", row.join(""));

  function signOf(index: number, process: string): string {
    const lives = alive.has(process);
    if (index === start) return lives ? (end > start ? "├" : "┤") : end > start ? "╰" : "╯";
    if (index === end) return lives ? (end > start ? "┤" : "├") : end > start ? "╮" : "╭";
    if (index > low && index < high) return lives ? "┼" : "─";
    return lives ? "│" : " ";
  }
}

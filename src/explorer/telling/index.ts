// What people read of a trace: one sentence, lanes in the terminal, an HTML file, or one line for each step.

export { html } from "./html.ts";
export { type LaneOptions, lanes } from "./lanes.ts";
export { sentence } from "./sentence.ts";
export { steps } from "./steps.ts";
export { type LosingWindow, losingWindow, type WindowPattern } from "./window.ts";

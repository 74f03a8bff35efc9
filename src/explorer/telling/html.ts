// A trace as one HTML file that can be kept, sent and printed: the lanes as SVG, every step to be looked into, nothing
// loaded from anywhere.
//
// Names and contents come from the program under test: each piece of text passes `escaped`, the data for the script
// passes `scriptData`, and the policy lets run and apply only the one script and the one style sheet of this file.

import { createHash } from "node:crypto";
import type { Step, Trace } from "../trace.ts";
import { laneDrawing } from "./html-lanes.ts";
import { SCRIPT } from "./html-script.ts";
import { STYLE } from "./html-style.ts";
import { type Marks, marks } from "./marks.ts";
import { printable, printableLines } from "./printable.ts";
import { sentence } from "./sentence.ts";
import { violationTitle } from "./step-text.ts";
import { timeText } from "./times.ts";

/** The whole file. */
export function html(trace: Trace): string {
  const marked = marks(trace);
  const title = violationTitle(trace.violation);
  const drawing = laneDrawing(trace, marked);
  const said = printableLines(trace.violation.message).join("\n");
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(STYLE)}`,
    `script-src ${hashOf(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escaped(title)}</h1>
<p class="sentence">${withLinks(sentence(trace), trace.steps.length)}</p>
<pre class="message">${escaped(said)}</pre>
<p class="legend">${legend(trace, marked)}</p>
</header>
${drawing}
</main>
<aside aria-live="polite">
<h2>Step</h2>
<p class="hint">Point at a step, or press ↓ and ↑.</p>
<dl></dl>
</aside>
<script type="application/json" id="steps">${scriptData(trace.steps.map((step) => detail(step, marked)))}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Text inside an element or a quoted attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON inside a script element: nothing in it can end the element or open a comment. */
function scriptData(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** What the panel shows of a step: names of the rows and their text, in order. */
function detail(
  step: Step,
  marked: Marks,
): { readonly n: number; readonly rows: readonly (readonly [string, string])[] } {
  const word = marked.wordOf(step.number);
  const rows: [string, string][] = [
    ["process", step.process === "" ? "all" : step.process],
    ["call", step.call],
    ["outcome", step.failed ? `${step.outcome} (failed)` : step.outcome],
    ["in the losing window", word ?? ""],
    ["asked for at", step.site ?? ""],
    ["time", timeText(step.atMs)],
    ["touched", step.touched.map(({ what, access }) => `${access} ${what}`).join("\n")],
    ["chosen as", step.choice],
  ];
  const shown = rows.map(([name, text]): [string, string] => [name, text.split("\n").map(printable).join("\n")]);
  return { n: step.number, rows: shown.filter(([, text]) => text !== "") };
}

/** "step 4" leads to the step. */
function withLinks(text: string, count: number): string {
  return escaped(text).replace(/\bstep (\d+)/g, (words, number: string) => {
    return Number(number) >= 1 && Number(number) <= count ? `<a href="#s${Number(number)}">${words}</a>` : words;
  });
}

function legend({ steps, switches, file }: Trace, { window }: Marks): string {
  const parts = [
    "Time runs down; each process has a lane.",
    window === undefined ? "" : 'The <span class="band">shaded band</span> is the losing window.',
    `${steps.length} steps, ${switches} switches between processes.`,
    file === undefined ? "" : `<code>${escaped(printable(file))}</code>`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

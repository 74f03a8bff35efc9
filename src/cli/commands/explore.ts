import { resolve } from "node:path";
import { HoldfastError, shellWord } from "../../errors.ts";
import { inspect, lanes, type Report, sentence, type Trace } from "../../explorer/index.ts";
import type { Call, Outcome } from "../call.ts";
import { exploreOptions } from "../exploring/options.ts";
import { laneOptions } from "../exploring/terminal.ts";
import { tracePlaces, type WrittenTrace, writeTrace } from "../exploring/trace-files.ts";
import { progressText, verdictLine, withinLine } from "../exploring/verdict.ts";
import { StatusLine } from "../status-line.ts";

export async function run(call: Call): Promise<Outcome> {
  const file = resolve(call.cwd, call.arg(0));
  const options = exploreOptions(call);
  const places = tracePlaces(call, file, options.exported);
  const report = await explored(call, file, options);
  const { trace } = report;
  if (trace === undefined) return { json: documentOf(report), text: () => lastLines(report) };
  const written = await writeTrace(call, places, trace);
  const again = `holdfast replay ${shellWord(written.trace)}`;
  return {
    json: { ...documentOf(report), ...violationOf(trace, written) },
    text: () => [lanes(trace, laneOptions()), whereabouts(written, again), lastLines(report)].join("\n\n"),
    failure: new HoldfastError("RACE_VIOLATED", trace.violation.message, {
      hint: written.problem === undefined ? `See it again with \`${again}\`.` : written.problem.message,
    }),
  };
}

async function explored(call: Call, file: string, options: ReturnType<typeof exploreOptions>): Promise<Report> {
  using line = new StatusLine(call.json ? undefined : process.stderr, performance.now());
  return await inspect(file, {
    ...options,
    signal: call.signal,
    onProgress: (progress) => line.tell(performance.now(), () => progressText(progress)),
  });
}

function lastLines(report: Report): string {
  return [withinLine(report), verdictLine(report)].filter((line) => line !== undefined).join("\n");
}

function whereabouts({ trace, html, problem }: WrittenTrace, again: string): string {
  if (problem !== undefined) return `The trace could not be kept: ${problem.message}`;
  return [`trace:   ${trace}`, `picture: ${html}`, `again:   ${again}`].join("\n");
}

function documentOf(report: Report): Record<string, unknown> {
  const { verdict, runs, traces, interleavings, interleavingsAtLeast, elapsedMs, cutOffBy, within, seed } = report;
  return {
    verdict,
    runs,
    traces,
    // Too many for a number of JSON.
    interleavings: interleavings === undefined ? null : String(interleavings),
    interleavings_at_least: interleavingsAtLeast === true,
    elapsed_ms: Math.round(elapsedMs),
    cut_off_by: cutOffBy,
    within,
    seed,
  };
}

function violationOf(trace: Trace, written: WrittenTrace): Record<string, unknown> {
  const files = written.problem === undefined ? { trace_file: written.trace, html_file: written.html } : {};
  return { ...files, violation: trace.violation, sentence: sentence(trace) };
}

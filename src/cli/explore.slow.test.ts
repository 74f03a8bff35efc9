// `holdfast explore` as people and build servers run it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import {
  type Finished,
  holdfast,
  holdfastJson,
  oneDocument,
  PROJECT,
  Running,
  TestFolder,
} from "./testing/holdfast.ts";
import { APART, ENDLESS, GUARDED, LOST_UPDATE } from "./testing/races.ts";

function lastLine({ stdout }: Finished): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

function inFolder(folder: TestFolder, ...args: string[]): Promise<Finished> {
  return holdfast(args, { cwd: folder.path });
}

/** Hundredths of a second. */
function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]);
}

test("RACE-01 RACE-16 a lost update is found, drawn, and kept: exit code 1, the trace file, and how to see it again", async () => {
  using folder = new TestFolder();
  folder.write("balance.race.ts", LOST_UPDATE);
  const done = await inFolder(folder, "explore", "balance.race.ts");
  assert.equal(done.code, 1, done.stderr);
  assert.match(done.stdout, /^a read \/balance in step \d+ \("100"\), b wrote it in step \d+/);
  assert.match(done.stdout, /┏ ● read \/balance → "100"/);
  assert.match(
    done.stdout,
    /\ntrace: +balance\.trace\.json\n.*balance\.trace\.html\n.*holdfast replay balance\.trace\.json\n/,
  );
  assert.match(lastLine(done), /^verdict: violated \(\d+ runs?, \d+ traces?, \d+\.\d+ s\)$/);
  const trace = JSON.parse(readFileSync(folder.at("balance.trace.json"), "utf8"));
  assert.deepEqual([trace.preemptions, trace.switches, trace.file], [1, 2, folder.at("balance.race.ts")]);
});

test("RACE-01 the trace file replays to the same failure, byte for byte", async () => {
  using folder = new TestFolder();
  folder.write("balance.race.ts", LOST_UPDATE);
  const found = await inFolder(folder, "explore", "balance.race.ts", "--trace", "lost.json", "--html", "lost.html");
  assert.deepEqual(readdirSync(folder.path).sort(), ["balance.race.ts", "lost.html", "lost.json"]);
  const once = await inFolder(folder, "replay", "lost.json");
  const twice = await inFolder(folder, "replay", "lost.json");
  assert.deepEqual([once.code, once.stderr], [1, ""]);
  assert.equal(lastLine(once), "the same failure, step for step");
  assert.deepEqual(once.bytes, twice.bytes);
  const lanes = once.stdout.slice(0, once.stdout.indexOf("\n\nthe same failure"));
  assert.ok(lanes.length > 1_000 && found.stdout.startsWith(lanes), "what is replayed is what was found");
});

test("RACE-03 corrected, it is proved, with the number of interleavings", async () => {
  using folder = new TestFolder();
  folder.write("guarded.race.ts", GUARDED);
  folder.write("apart.race.ts", APART);
  const guarded = await inFolder(folder, "explore", "guarded.race.ts");
  assert.equal(guarded.code, 0, guarded.stderr);
  // Who comes first has 8 effects; the one effect of the other comes after any of these. Twice: either may be first.
  assert.match(guarded.stdout, /^verdict: proved \(2 runs, 2 traces, 16 interleavings, \d+\.\d+ s\)\n$/);
  const apart = await inFolder(folder, "explore", "apart.race.ts");
  assert.match(apart.stdout, /^verdict: proved \(1 run, 1 trace, 20 interleavings, \d+\.\d+ s\)\n$/);
  assert.deepEqual(readdirSync(folder.path).sort(), ["apart.race.ts", "guarded.race.ts"], "nothing is written");
});

test("RACE-14 what was cut off is bounded, by what is said; options of the command line go before the race's own", async () => {
  using folder = new TestFolder();
  folder.write("endless.race.ts", ENDLESS);
  folder.write("balance.race.ts", LOST_UPDATE);
  const runs = await inFolder(folder, "explore", "endless.race.ts", "--budget", "100");
  assert.equal(runs.code, 0);
  assert.match(lastLine(runs), /^verdict: bounded \(100 runs, .* s; cut off: 100 runs\)$/);
  const none = await inFolder(folder, "explore", "balance.race.ts", "--preemptions", "0");
  assert.match(lastLine(none), /^verdict: bounded \(.*; cut off: at most 0 preemptions\)$/);
  const killed = await inFolder(
    folder,
    "explore",
    "endless.race.ts",
    "--crashes",
    "1",
    "--stalls",
    "1",
    "--budget",
    "10",
  );
  assert.match(killed.stdout, /^within: 1 process killed, 1 process stalled .*\nverdict: bounded \(10 runs/);
});

test("RACE-15 progress is shown, and Ctrl-C prints what was covered so far", async () => {
  using folder = new TestFolder();
  folder.write("endless.race.ts", ENDLESS);
  await using running = new Running(["explore", "endless.race.ts"], { cwd: folder.path });
  await running.until(() => running.stderr.includes("\n"), "progress");
  assert.match(running.stderr, /^exploring: [\d,]+ runs \([\d,]+\/s\), [\d,]+ traces, \d+\.\d+ s\n/);
  const done = await running.end("SIGINT");
  assert.equal(done.code, 0);
  assert.match(done.stdout, /^verdict: bounded \([\d,]+ runs, [\d,]+ traces, \d+\.\d+ s; cut off: interrupted\)\n$/);
});

test("RACE-15 Ctrl-C with --json: one document, and no failure", async () => {
  using folder = new TestFolder();
  folder.write("endless.race.ts", ENDLESS);
  await using running = new Running(["--json", "explore", "endless.race.ts", "--budget", "10m"], { cwd: folder.path });
  // There is no progress with --json: that it is busy shows in the time that it has taken of the processor.
  await running.until(() => processorTicks(running.pid) > 200, "two seconds of work");
  const done = await running.end("SIGINT");
  assert.deepEqual([done.code, done.stderr], [0, ""]);
  const { verdict, cut_off_by, runs } = oneDocument(done.stdout) as Record<string, unknown>;
  assert.deepEqual([verdict, cut_off_by], ["bounded", ["interrupted"]]);
  assert.ok(Number(runs) > 0);
});

test("RACE-16 --json is one document, and a violation's exit code has its document on stderr", async () => {
  using folder = new TestFolder();
  folder.write("balance.race.ts", LOST_UPDATE);
  folder.write("apart.race.ts", APART);
  const proved = await holdfastJson(["explore", "apart.race.ts"], { cwd: folder.path });
  assert.equal(typeof proved.elapsed_ms, "number");
  assert.deepEqual(
    { ...proved, elapsed_ms: 0 },
    {
      verdict: "proved",
      runs: 1,
      traces: 1,
      interleavings: "20",
      interleavings_at_least: false,
      elapsed_ms: 0,
      cut_off_by: [],
      within: [],
      seed: 1,
    },
  );
  const done = await inFolder(folder, "--json", "explore", "balance.race.ts");
  assert.equal(done.code, 1);
  const found = oneDocument(done.stdout) as Record<string, unknown>;
  assert.deepEqual([found.verdict, found.trace_file], ["violated", "balance.trace.json"]);
  assert.equal((found.violation as { kind: string }).kind, "check");
  assert.match(String(found.sentence), /^a read \/balance/);
  const error = oneDocument(done.stderr) as Record<string, unknown>;
  assert.deepEqual(
    [error.code, error.hint],
    ["RACE_VIOLATED", "See it again with `holdfast replay balance.trace.json`."],
  );
});

test("RACE-16 under node --test one call is a test: it fails with the lanes, or passes", async () => {
  using folder = new TestFolder();
  mkdirSync(folder.at("node_modules"));
  symlinkSync(PROJECT, folder.at("node_modules/holdfast"));
  const testOf = (file: string): string =>
    `import { test } from "node:test";\nimport { explore } from "holdfast/explorer";\nimport scenario from "./${file}";\n` +
    `test("nothing is lost", async () => { await explore(scenario); });\n`;
  folder.write("balance.race.ts", LOST_UPDATE);
  folder.write("guarded.race.ts", GUARDED);
  folder.write("balance.test.ts", testOf("balance.race.ts"));
  folder.write("guarded.test.ts", testOf("guarded.race.ts"));
  // The race may stand in the test's own file.
  const own = 'import { test } from "node:test";\nimport { explore } from "holdfast/explorer";\n';
  folder.write(
    "own.test.ts",
    own + GUARDED.replace("export default", "export const scenario =") + testOf("x").split("\n")[3],
  );
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = (file: string) =>
    spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], { cwd: folder.path, env, encoding: "utf8" });
  const failing = run("balance.test.ts");
  assert.equal(failing.status, 1, failing.stdout + failing.stderr);
  assert.match(failing.stdout, /not ok 1 - nothing is lost/);
  assert.match(failing.stdout, /RACE_VIOLATED/);
  assert.match(failing.stdout, /┏ ● read \/balance/);
  for (const file of ["guarded.test.ts", "own.test.ts"]) {
    const passing = run(file);
    assert.equal(passing.status, 0, passing.stdout + passing.stderr);
    assert.match(passing.stdout, /\nok 1 - nothing is lost/);
  }
});

test("RACE-17 the picture is one file that loads nothing, with the losing window marked", async () => {
  using folder = new TestFolder();
  folder.write("balance.race.ts", LOST_UPDATE);
  await inFolder(folder, "explore", "balance.race.ts");
  const page = readFileSync(folder.at("balance.trace.html"), "utf8");
  assert.match(page, /^<!doctype html>/);
  assert.match(page, /<svg[\s\S]*looked[\s\S]*changed[\s\S]*acted[\s\S]*<\/svg>/);
  assert.match(page, /content="default-src 'none'; /);
  assert.doesNotMatch(page, /\b(?:src|href)="(?!#)|url\(|@import|https?:\/\/(?!www\.w3\.org\/)/);
  const again = await inFolder(folder, "replay", "balance.trace.json", "--html", "again.html");
  assert.equal(again.code, 1);
  assert.equal(readFileSync(folder.at("again.html"), "utf8"), page);
});

test("a file of the user's is not written over; a trace of an earlier day is", async () => {
  using folder = new TestFolder();
  folder.write("balance.race.ts", LOST_UPDATE);
  folder.write("balance.trace.html", "mine");
  for (const _ of [1, 2])
    assert.match((await inFolder(folder, "explore", "balance.race.ts")).stdout, /balance\.2\.trace\.json/);
  assert.equal(readFileSync(folder.at("balance.trace.html"), "utf8"), "mine");
  assert.deepEqual(readdirSync(folder.path).sort(), [
    "balance.2.trace.html",
    "balance.2.trace.json",
    "balance.race.ts",
    "balance.trace.html",
  ]);
});

test("what cannot be written is refused before anything is explored; options that mean nothing are wrong usage", async () => {
  using folder = new TestFolder();
  folder.write("balance.race.ts", LOST_UPDATE);
  const cases: [args: string[], code: string, exitCode: number][] = [
    [["--trace", "nowhere/x.json"], "NOT_A_FOLDER", 1],
    [["--html", "."], "USAGE", 2],
    [["--crashes", "many"], "USAGE", 2],
    [["--strategy", "luck"], "USAGE", 2],
    [["--restart", "often"], "USAGE", 2],
    [["--network", "drop"], "USAGE", 2],
    [["--network", "drop=1,drop=2"], "USAGE", 2],
    [["--budget", "an hour"], "USAGE", 2],
  ];
  for (const [args, code, exitCode] of cases) {
    const done = await inFolder(folder, "--json", "explore", "balance.race.ts", ...args);
    const error = oneDocument(done.stderr) as Record<string, unknown>;
    assert.deepEqual([error.code, done.code, done.stdout], [code, exitCode, ""], args.join(" "));
  }
  assert.ok(!existsSync(folder.at("balance.trace.json")));
});

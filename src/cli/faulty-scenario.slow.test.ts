// Scenarios that cannot be run: exit code 2, and never told as a race.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { holdfast, oneDocument, TestFolder } from "./testing/holdfast.ts";
import { faulty, LOST_UPDATE } from "./testing/races.ts";

interface Case {
  readonly file: string;
  readonly says: RegExp;
  /** Line of the file, where it has one to tell. */
  readonly line?: number;
  readonly args?: readonly string[];
}

const TWO = "a: () => writeFile('/a', ''), b: () => writeFile('/a', '')";

const CASES: Readonly<Record<string, Case>> = {
  "setup throws": {
    file: faulty("setup: async () => { throw new Error('no disk'); }, processes: { a: () => 1 }"),
    says: /^setup failed: no disk/,
    line: 4,
  },
  "setup never ends": {
    file: faulty("setup: () => new Promise(() => setInterval(() => {}, 1)), processes: { a: () => 1 }"),
    says: /setup does not end/,
  },
  "no processes": { file: faulty("processes: {}"), says: /it has no processes/, line: 4 },
  "a process is no function": { file: faulty("processes: { a: 1 }"), says: /process a is not a function/, line: 4 },
  "no race is exported": { file: "export const x = 1;\n", says: /exports no race as default/ },
  "no such export": { file: LOST_UPDATE, args: ["--export", "other"], says: /exports no race as other/ },
  "a package is not found": { file: `import "nowhere";\n${LOST_UPDATE}`, says: /Cannot find module 'nowhere'/ },
  "a file is not found": {
    file: `import "./nowhere.ts";\n${LOST_UPDATE}`,
    says: /Cannot find module '.\/nowhere\.ts'/,
  },
  "the syntax is wrong": { file: "export default race({ processes: { );\n", says: /x\.race\.ts:1:36: / },
  "it throws while it is loaded": {
    file: faulty(`processes: { ${TWO} }`, "throw new Error('not today');"),
    says: /cannot be loaded: not today/,
    line: 3,
  },
  "it acts while it is loaded": {
    file: faulty(`processes: { ${TWO} }`, 'import { writeFileSync } from "node:fs"; writeFileSync("/a", "");'),
    says: /is called while the file is loaded/,
    line: 3,
  },
  "the check is not deterministic": {
    file: faulty(
      `isolate: false, processes: { ${TWO} }, check: () => { if (++runs === 2) throw new Error('odd'); }`,
      "let runs = 0;",
    ),
    says: /^the check is not deterministic/,
    line: 4,
  },
  "it reaches out of the explorer": {
    file: faulty("processes: { a: () => { connect(80); } }", 'import { connect } from "node:net";'),
    says: /^net\.connect\(\) is not simulated/,
    line: 4,
  },
};

describe("RACE-18 a faulty scenario is told as such, with its place, and never as a race", { timeout: 120_000 }, () => {
  for (const [title, { file, says, line, args = [] }] of Object.entries(CASES)) {
    test(`RACE-18 ${title}`, async () => {
      using folder = new TestFolder();
      folder.write("x.race.ts", file);
      const done = await holdfast(["--json", "explore", "x.race.ts", ...args], { cwd: folder.path });
      assert.deepEqual([done.code, done.stdout], [2, ""], done.stderr);
      const error = oneDocument(done.stderr) as { error: string; code: string; hint: string; details?: { at: string } };
      assert.equal(error.code, "SCENARIO");
      assert.match(error.error, says);
      assert.ok(error.hint.length > 0);
      if (line !== undefined) assert.match(error.details?.at ?? "", new RegExp(`^x\\.race\\.ts:${line}:\\d+$`));
      assert.deepEqual(readdirSync(folder.path), ["x.race.ts"]);
    });
  }

  test("RACE-18 a file that is not there, a folder, and text for people", async () => {
    using folder = new TestFolder();
    for (const what of ["nowhere.race.ts", "."]) {
      const done = await holdfast(["explore", what], { cwd: folder.path });
      assert.deepEqual([done.code, done.stdout], [2, ""]);
      assert.match(done.stderr, /^holdfast: Cannot .*\n {2}Check the path/);
      assert.doesNotMatch(done.stderr, /verdict|race went/);
    }
  });
});

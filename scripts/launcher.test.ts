// bin/holdfast in every way that people start it. A copy of the launcher stands in a folder of its own, with a command line
// that tells what it was started with.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const project = dirname(dirname(fileURLToPath(import.meta.url)));

const MAIN = `
const [first] = process.argv.slice(2);
if (first === "exit") process.exit(Number(process.argv[3]));
if (first === "wait") {
  process.on("SIGTERM", () => { console.log("told"); process.exit(7); });
  setInterval(() => {}, 1000);
}
const told: { args: string[] } = { args: process.argv.slice(2) };
console.log(JSON.stringify({ ...told, node: process.versions.node, cache: process.env.NODE_COMPILE_CACHE }));
`;

interface Install extends Disposable {
  readonly bin: string;
  at(...names: string[]): string;
}

/** A checkout as far as the launcher can tell. */
function install(source: "src/cli/main.ts" | "dist/cli/main.js", withNode = true): Install {
  const root = mkdtempSync(join(tmpdir(), "holdfast launcher-"));
  const at = (...names: string[]): string => join(root, ...names);
  mkdirSync(dirname(at("app", source)), { recursive: true });
  mkdirSync(at("app/bin"));
  writeFileSync(at("app", source), source.endsWith(".js") ? 'console.log(JSON.stringify({ args: ["built"] }));' : MAIN);
  writeFileSync(at("app/package.json"), '{ "type": "module" }');
  copyFileSync(join(project, "bin/holdfast"), at("app/bin/holdfast"));
  copyFileSync(join(project, "bin/package.json"), at("app/bin/package.json"));
  chmodSync(at("app/bin/holdfast"), 0o755);
  if (withNode) {
    mkdirSync(at("app/node_modules/node/bin"), { recursive: true });
    symlinkSync(process.execPath, at("app/node_modules/node/bin/node"));
  }
  return { bin: at("app/bin/holdfast"), at, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

const hostile = ["a b", "", "$HOME", "*", "it's", '"', "--flag=x"];

test("as a program, arguments arrive as they are, and compiled code is kept for the user", () => {
  using app = install("src/cli/main.ts");
  const env = { PATH: process.env.PATH, HOME: app.at("home") };
  const run = spawnSync(app.bin, hostile, { encoding: "utf8", env });
  assert.equal(run.stderr, "");
  const told = JSON.parse(run.stdout);
  assert.deepEqual(told.args, hostile);
  assert.equal(told.node, process.versions.node);
  assert.equal(told.cache, app.at("home/.cache/holdfast/compile"));
});

test("through symlinks, absolute and relative, from another folder", () => {
  using app = install("src/cli/main.ts");
  mkdirSync(app.at("links"));
  symlinkSync("../app/bin/holdfast", app.at("links/relative"));
  symlinkSync(app.at("links/relative"), app.at("links/absolute"));
  const run = spawnSync("../links/absolute", ["x"], { encoding: "utf8", cwd: app.at("app") });
  assert.equal(run.stderr, "");
  assert.deepEqual(JSON.parse(run.stdout).args, ["x"]);
});

test("through a link to its folder, and from within it", () => {
  using app = install("src/cli/main.ts");
  symlinkSync("app/bin", app.at("linked bin"));
  symlinkSync("app", app.at("linked app"));
  for (const [program, args, cwd] of [
    ["../linked bin/holdfast", ["x"], "app"],
    ["../linked app/bin/holdfast", ["x"], "app"],
    ["./holdfast", ["x"], "app/bin"],
    ["sh", ["holdfast", "x"], "app/bin"],
    ["sh", ["holdfast", "x"], "linked bin"],
  ] as const) {
    const run = spawnSync(program, args, { encoding: "utf8", cwd: app.at(cwd) });
    assert.equal(run.stderr, "");
    assert.deepEqual(JSON.parse(run.stdout).args, ["x"]);
  }
});

test("as JavaScript, arguments and exit code pass through", () => {
  using app = install("src/cli/main.ts");
  const run = spawnSync(process.execPath, [app.bin, ...hostile], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(run.stdout).args, hostile);
  assert.equal(spawnSync(process.execPath, [app.bin, "exit", "75"]).status, 75);
  assert.equal(spawnSync(app.bin, ["exit", "75"]).status, 75);
});

for (const how of ["as a program", "as JavaScript"]) {
  test(`${how}, SIGTERM reaches the command, and its exit code comes back`, async () => {
    using app = install("src/cli/main.ts");
    const [program, args] = how === "as a program" ? [app.bin, ["wait"]] : [process.execPath, [app.bin, "wait"]];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.endsWith("}\n")) child.kill("SIGTERM");
    });
    const [code] = await once(child, "close");
    assert.equal(code, 7);
    assert.match(output, /told\n$/);
  });
}

test("a published package, without sources and without a node of its own, runs what was built with the node on the PATH", () => {
  using app = install("dist/cli/main.js", false);
  mkdirSync(app.at("path"));
  symlinkSync(process.execPath, app.at("path/node"));
  const env = { PATH: `${app.at("path")}:/usr/bin:/bin` };
  const run = spawnSync(app.bin, [], { encoding: "utf8", env });
  assert.equal(run.stderr, "");
  assert.deepEqual(JSON.parse(run.stdout).args, ["built"]);
});

test("without a node that is new enough, the message says so", () => {
  using app = install("src/cli/main.ts", false);
  const pretend = `Object.defineProperty(process.versions, "node", { value: "20.20.2" });`;
  writeFileSync(app.at("old.cjs"), pretend);
  const run = spawnSync(process.execPath, ["-r", app.at("old.cjs"), app.bin], { encoding: "utf8" });
  assert.equal(run.status, 1);
  assert.match(run.stderr, /needs Node 24 or newer, and this is Node 20\.20\.2/);
});

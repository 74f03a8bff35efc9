// What users install: the tarball of `npm pack`, in a folder that knows nothing of this checkout.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const project = dirname(dirname(fileURLToPath(import.meta.url)));
/** What `npm pack` reads, and what must come back as it was. */
const CHECKOUT = [
  "LICENSE",
  "README.md",
  "bin",
  "docs",
  "package-lock.json",
  "package.json",
  "scripts",
  "src",
  "tsconfig.build.json",
  "tsconfig.json",
];
/** So long a step may take, ms. */
const PATIENCE_MS = 60_000;

const root = mkdtempSync(join(tmpdir(), "holdfast-pack-"));
const at = (...names: string[]): string => join(root, ...names);
const modules = at("app/node_modules");

function run(program: string, args: readonly string[], cwd: string, input = ""): string {
  const env = { HOME: at("home"), PATH: `${at("path")}:${process.env.PATH ?? ""}` };
  const done = spawnSync(program, args, { cwd, env, input, encoding: "utf8", timeout: PATIENCE_MS });
  assert.equal(done.status, 0, `${program} ${args.join(" ")}: ${done.error ?? ""}${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** The installed command, with `--json`. */
function holdfast(cwd: string, args: readonly string[], input = ""): Record<string, unknown> {
  return JSON.parse(run(join(modules, ".bin/holdfast"), ["--json", ...args], cwd, input)) as Record<string, unknown>;
}

/** Packs a copy of this checkout, so that nobody sees package.json change, and installs the tarball beside it. */
function install(): void {
  for (const name of ["checkout", "path", "home", "app/node_modules/.bin", "unpacked"]) {
    mkdirSync(at(name), { recursive: true });
  }
  symlinkSync(process.execPath, at("path/node"));
  for (const name of CHECKOUT) cpSync(join(project, name), at("checkout", name), { recursive: true });
  symlinkSync(realpathSync(join(project, "node_modules")), at("checkout/node_modules"));
  run("npm", ["pack", "--silent", "--pack-destination", root], at("checkout"));
  const tarball = readdirSync(root).find((name) => name.endsWith(".tgz")) ?? "none";
  run("tar", ["xzf", at(tarball)], at("unpacked"));
  cpSync(at("unpacked/package"), join(modules, "holdfast"), { recursive: true });
  const { dependencies, bin } = JSON.parse(readFileSync(join(modules, "holdfast/package.json"), "utf8")) as {
    dependencies: Record<string, string>;
    bin: { holdfast: string };
  };
  // As npm would install them, but from what is here: there may be no network. Types are the user's own affair.
  for (const name of [...Object.keys(dependencies), "@types/node", "undici-types"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(realpathSync(join(project, "node_modules", name)), join(modules, name));
  }
  symlinkSync(join("../holdfast", bin.holdfast), join(modules, ".bin/holdfast"));
}

test("the packed package, installed elsewhere, works as a command and as a library", {
  timeout: 240_000,
}, async (t) => {
  t.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  install();

  await t.test("the checkout is as it was, and the tarball has what was built and no sources", () => {
    assert.equal(
      readFileSync(at("checkout/package.json"), "utf8"),
      readFileSync(join(project, "package.json"), "utf8"),
    );
    assert.ok(!existsSync(at("checkout/dist")));
    const files = readdirSync(join(modules, "holdfast"), { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      files.filter((file) => /^src\b|\.test\.|(?<!\.d)\.ts$|\/testing\//.test(file)),
      [],
    );
  });

  await t.test("the command", () => {
    const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { version: string };
    assert.match(run(join(modules, ".bin/holdfast"), ["--version"], root), new RegExp(`${version}\n$`));
    const [one, two] = [at("one"), at("two")];
    holdfast(root, ["init", one]);
    holdfast(one, ["data", "put", "greeting"], "hello");
    assert.equal(run(join(modules, ".bin/holdfast"), ["data", "get", "greeting"], one), "hello");
    try {
      holdfast(root, ["up", one, "--port", "0", "--detach"]);
      const { invite } = holdfast(one, ["invite"]);
      writeFileSync(join(one, "plan.md"), "a plan to be found\n");
      holdfast(root, ["up", two, "--hub", String(invite), "--detach"]);
      waitFor("the file arrives", () => existsSync(join(two, "plan.md")));
      assert.equal(readFileSync(join(two, "plan.md"), "utf8"), "a plan to be found\n");
      // The hub's indexing thread is a file of its own.
      waitFor("its words are found", () => (holdfast(two, ["grep", "plan"]).results as unknown[]).length === 1);
    } finally {
      for (const folder of [two, one]) run(join(modules, ".bin/holdfast"), ["down", folder], root);
    }
  });

  await t.test("the explorer, with a thread for each process where calls are synchronous", () => {
    const claim = (calls: string): string => `
      import { existsSync, writeFileSync } from "node:fs";
      import { access, writeFile } from "node:fs/promises";
      import { race } from "holdfast/explorer";
      const claim = async (who: string) => { ${calls} };
      export default race({ processes: { a: () => claim("a"), b: () => claim("b") } });
    `;
    writeFileSync(
      at("app/sync.race.ts"),
      claim('if (!existsSync("/owner")) writeFileSync("/owner", who, { flag: "wx" })'),
    );
    writeFileSync(at("app/async.race.ts"), claim('await writeFile("/" + who, await access("/x").catch(() => who))'));
    const [command, env] = [
      join(modules, ".bin/holdfast"),
      { HOME: at("home"), PATH: `${at("path")}:${process.env.PATH}` },
    ];
    const violated = spawnSync(command, ["explore", "sync.race.ts"], { cwd: at("app"), env, encoding: "utf8" });
    assert.match(violated.stdout, /EEXIST[\s\S]*\nverdict: violated \(/, violated.stderr);
    assert.equal(violated.status, 1);
    assert.equal(holdfast(at("app"), ["explore", "async.race.ts"]).verdict, "proved");
  });

  await t.test("the library, with its types", () => {
    const program = `
      import { openWorkspace } from "holdfast";
      import { withLock } from "holdfast/coordination";
      await using ws = await openWorkspace("work");
      const { version } = await ws.put("report", "text");
      const { content } = await ws.get("report");
      const generation: number = await withLock("lock", {}, async (lock) => lock.generation);
      console.log(version, new TextDecoder().decode(content), generation > 0);
    `;
    writeFileSync(at("app/use.mts"), program);
    assert.equal(run(process.execPath, ["use.mts"], at("app")), "1 text true\n");
    const options = ["--noEmit", "--strict", "--types", "node", "--lib", "esnext", "--module", "nodenext"];
    run(process.execPath, [join(project, "node_modules/.bin/tsc"), ...options, "use.mts"], at("app"));
  });
});

function waitFor(what: string, condition: () => boolean): void {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `${what}: never`);
    spawnSync("sleep", ["0.05"]);
  }
}

// Runs the project's commands from a fresh clone: `node scripts/run.mjs COMMAND ARGS`, on any Node from 20 on.
//
// It installs what is missing, then runs the command with the Node 24 that the project brings along.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, "node_modules/node/bin/node");
const bin = (name) => join(root, "node_modules/.bin", name);
const TESTED = ["src", "scripts", "bench", "examples"];
/** Kinds of tests that need more than Node, or more time than there is: `NAME.KIND.test.ts`. */
const EXTRA_TESTS = ["pg", "browser", "long"];
/** A test, or a file of them, that takes longer than this hangs, ms. */
const TEST_LIMIT_MS = 300_000;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** What each command runs, one after the other; the first that fails ends it. */
const COMMANDS = {
  start: (args) => [[join(root, "bin/holdfast"), "up", ...withFolder(args)]],
  test: (args) => [testRun(args, () => true)],
  "test:quick": (args) => [testRun(args, (file) => !file.endsWith(".slow.test.ts"))],
  check: () => [
    [bin("biome"), "ci", "--colors=off", "."],
    [node, bin("tsc"), "-p", root],
    [node, join(root, "scripts/import-direction.ts")],
  ],
  soak: (args) => [named(args, "soak", "soak", ".soak.ts")],
  bench: (args) => benches(args),
  mutants: (args) => [mutantRun(args)],
  prepack: () => [[node, join(root, "scripts/pack.ts"), "built"]],
  postpack: () => [[node, join(root, "scripts/pack.ts"), "sources"]],
};

/** `npm start` without a folder works on ./workspace. The folder stands first: what follows an option may be its value. */
function withFolder(args) {
  return args.length > 0 && !args[0].startsWith("-") ? args : ["workspace", ...args];
}

/** Names first, then what each of them is told: `bench files --quick`. No name: all. */
function benches(args) {
  const end = args.findIndex((arg) => arg.startsWith("-"));
  const [chosen, told] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end)];
  const all = chosen.length > 0 ? chosen : names("bench", ".bench.ts");
  return all.map((name) => named([name, ...told], "bench", "bench", ".bench.ts"));
}

/** The files under the tested folders, relative to the root, whose names end so. */
function filesEnding(ending, folders = TESTED) {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name)))
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** Arguments are parts of file names, or flags for the test runner. `HOLDFAST_TESTS=pg,browser` adds tests that need those;
 *  it is said when there are none. */
function testRun(args, wanted) {
  const extras = (process.env.HOLDFAST_TESTS ?? "").split(",").filter((kind) => kind !== "");
  for (const kind of extras) {
    const isKnown = EXTRA_TESTS.includes(kind) && filesEnding(`.${kind}.test.ts`).length > 0;
    if (!isKnown) console.error(`holdfast: HOLDFAST_TESTS names ${kind}; there are no tests of that kind`);
  }
  const parts = args.filter((arg) => !arg.startsWith("-"));
  const files = filesEnding(".test.ts").filter(
    (file) =>
      wanted(file) &&
      EXTRA_TESTS.every((kind) => !file.endsWith(`.${kind}.test.ts`) || extras.includes(kind)) &&
      (parts.length === 0 || parts.some((part) => file.includes(part))),
  );
  if (files.length === 0) fail(`no test file matches ${parts.join(" ")}`);
  // More at once than there are processors: many wait for other processes most of the time.
  const flags = ["--disable-warning=ExperimentalWarning", "--test", "--test-concurrency=3", "--test-reporter=spec"];
  // Those of our own that draw cases read it themselves.
  if ((process.env.HOLDFAST_SEED ?? "") !== "") flags.unshift(`--import=${join(root, "scripts/fixed-seeds.ts")}`);
  return [node, ...flags, `--test-timeout=${TEST_LIMIT_MS}`, ...args.filter((arg) => arg.startsWith("-")), ...files];
}

/** Removing each guard in turn, for the explorer to find out: neither is there before this file is. */
function mutantRun(args) {
  const script = join(root, "scripts/mutants.ts");
  if (!existsSync(script)) fail("there are no mutants yet; docs/guarantees.md names the test that watches each guard");
  return [node, script, ...args];
}

function names(folder, ending) {
  return filesEnding(ending, [folder]).map((file) => file.slice(folder.length + 1, -ending.length));
}

/** The program `NAME` of a kind: FOLDER/NAME+ENDING, FOLDER/NAME.ts, or NAME+ENDING anywhere under src. */
function named([name, ...args], kind, folder, ending) {
  const known = () => [...names(folder, ".ts"), ...filesEnding(ending, ["src"])].join(", ") || "none yet";
  if (name === undefined) fail(`name a ${kind}; there are: ${known()}`);
  const file =
    [`${folder}/${name}${ending}`, `${folder}/${name}.ts`].find((each) => existsSync(join(root, each))) ??
    filesEnding(`/${name}${ending}`, ["src"])[0];
  if (file === undefined) fail(`no ${kind} is called ${name}; there are: ${known()}`);
  return [node, "--disable-warning=ExperimentalWarning", join(root, file), ...args];
}

/** True when node_modules holds every package of the lock file in its version; those for other platforms may be missing. */
function isInstalled() {
  const lock = join(root, "package-lock.json");
  const installed = join(root, "node_modules/.package-lock.json");
  if (!existsSync(node) || !existsSync(installed)) return false;
  if (statSync(lock).mtimeMs <= statSync(installed).mtimeMs) return true;
  // Newer is not yet different: every checkout of a branch touches the lock file.
  const [wanted, there] = [lock, installed].map((file) => JSON.parse(readFileSync(file, "utf8")).packages);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || there[path]?.version === version || (optional && !there[path]),
  );
}

function installWhatIsMissing() {
  if (isInstalled()) return;
  console.error("holdfast: installing what is missing (npm ci) ...");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2], // stdout belongs to the command
  });
  if (npm.status !== 0 || !existsSync(node)) fail("npm ci failed; its messages are above");
}

/** Runs one command line and resolves to its exit code. */
function run([program, ...args], cwd) {
  const env = { ...process.env };
  const cache = env.XDG_CACHE_HOME || join(homedir(), ".cache");
  env.NODE_COMPILE_CACHE ||= join(cache, "holdfast", "compile");
  const child = spawn(program, args, { cwd, env, stdio: "inherit" });
  const forward = (signal) => {
    // Ctrl-C at a terminal has reached the child already.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, forward);
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`cannot start ${program}: ${error.message}`));
    child.on("exit", (code, signal) => {
      for (const each of Object.keys(SIGNALS)) process.off(each, forward);
      resolve(code ?? 128 + (SIGNALS[signal] ?? 9));
    });
  });
}

function fail(message) {
  console.error(`holdfast: ${message}`);
  process.exit(2);
}

const [command, ...args] = process.argv.slice(2);
const plan = Object.hasOwn(COMMANDS, command ?? "") ? COMMANDS[command] : undefined;
if (plan === undefined) fail(`usage: node scripts/run.mjs ${Object.keys(COMMANDS).join("|")} [ARGS]`);
installWhatIsMissing();
// Folders given to `npm start` are meant from where the person is; npm itself changes to the project.
const cwd = command === "start" ? (process.env.INIT_CWD ?? process.cwd()) : root;
for (const line of plan(args)) {
  const code = await run(line, cwd);
  if (code !== 0) process.exit(code);
}

// For tests: what people really have in a folder. A clone of this project with its history, packages as npm has put them
// on the disk, and git at work in it, while two daemons keep it and another folder in step, and a third one joins later.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readIgnoreRules } from "../../files/ignore-rules.ts";
import { DEFAULT_LIMITS } from "../../hub/protocol.ts";
import { until } from "../../hub/testing/wait-until.ts";
import { holdfastJson, PROJECT, Running } from "./holdfast.ts";
import { differences, picture } from "./picture.ts";

/** Larger than a hub takes: Node itself, as the package `node` brings it. */
const NODE = "node";
const TOO_LARGE = `node_modules/${NODE}/bin/node`;
/** Commits that git goes back; a shallow clone may have fewer. */
const COMMITS_BACK = 30;
const LOOK_EVERY_MS = 250;

export interface RealInputOptions {
  /** A folder to work in, empty. */
  readonly root: string;
  /** Of node_modules, packages until so many files are together; without it, all. */
  readonly packageFiles?: number;
  /** Any other folder whose content is copied in as well. */
  readonly tree?: string;
  /** How long folders are given to become alike, ms. */
  readonly patienceMs: number;
  readonly say: (line: string) => void;
}

interface Status {
  readonly queue: number;
  readonly lag: number;
  readonly cursor: number;
  readonly conflicts: number;
  readonly lastError: unknown;
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

/** False where there is nothing real to take: no history (a published package), or nothing installed. */
export function hasRealInput(): boolean {
  return existsSync(join(PROJECT, ".git")) && existsSync(join(PROJECT, TOO_LARGE));
}

export async function realInput(options: RealInputOptions): Promise<void> {
  const { root, say, patienceMs } = options;
  const [a, b, c] = [join(root, "a"), join(root, "b"), join(root, "c")];
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: a, encoding: "utf8", stdio: "pipe" }).trim();
  const timed = async <T>(what: string, step: () => Promise<T> | T): Promise<T> => {
    const startedMs = performance.now();
    const result = await step();
    say(`${what}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
    return result;
  };

  mkdirSync(a);
  await using upA = await up(patienceMs, a, "--port", "0");
  const { invite } = await holdfastJson<{ invite: string }>(["-C", a, "invite"]);
  await using upB = await up(patienceMs, b, "--hub", invite);
  const folders = [a, b];
  let marks = 0;
  const alike = (): Promise<void> => {
    // Saved last, it arrives last: folders that are alike because nothing has been noticed yet do not count.
    marks += 1;
    writeFileSync(join(a, "mark"), `${marks}\n`);
    return untilAlike(folders, patienceMs);
  };

  // 1. All of it comes while the daemons run.
  await timed("the clone and its packages are copied in", () => {
    execFileSync("git", ["clone", "--quiet", "--no-hardlinks", PROJECT, join(root, "clone")], { stdio: "pipe" });
    cpSync(join(root, "clone"), a, { recursive: true, verbatimSymlinks: true });
    for (const name of packages(options.packageFiles)) {
      cpSync(join(PROJECT, "node_modules", name), join(a, "node_modules", name), {
        recursive: true,
        verbatimSymlinks: true,
      });
    }
    if (options.tree !== undefined) cpSync(options.tree, join(a, "tree"), { recursive: true, verbatimSymlinks: true });
    rmSync(join(root, "clone"), { recursive: true });
  });
  await timed("and the other folder has them", alike);
  const { files, bytes } = sizeOf(a);
  say(`${files} files, ${(bytes / 1_024 / 1_024).toFixed(0)} MiB`);

  // What does not travel is told, with its reason, and nothing else is left out.
  const told = (await statusOf(a)).refused;
  const node = told.find(({ path }) => path === TOO_LARGE);
  assert.ok(statSync(join(a, TOO_LARGE)).size > DEFAULT_LIMITS.fileBytes);
  assert.match(node?.reason ?? "", /^TOO_LARGE: /);
  assert.ok(!existsSync(join(b, TOO_LARGE)), "what is too large stays where it is");
  say(
    `refused: ${told.length}, of them ${told.filter(({ reason }) => reason.includes("links")).length} links out of the folder`,
  );
  // As npm happens to lay packages out, there may be two of it.
  if (options.tree === undefined)
    assert.deepEqual(told.map(({ path }) => path).sort(), filesOver(a, DEFAULT_LIMITS.fileBytes));

  // 2. git at work. First step by step, then all at once.
  git("config", "user.name", "Somebody");
  git("config", "user.email", "somebody@example.org");
  const main = git("rev-parse", "--abbrev-ref", "HEAD");
  const commits = git("rev-list", "--first-parent", "HEAD").split("\n");
  const old = commits[Math.min(COMMITS_BACK, commits.length - 1)] ?? "HEAD";
  const steps: readonly (readonly [string, () => void])[] = [
    ["git checkout of an old commit", () => git("checkout", "--quiet", old)],
    ["git checkout back", () => git("checkout", "--quiet", main)],
    [
      "git rebase of two commits from the old one",
      () => {
        git("checkout", "--quiet", "-B", "work", old);
        for (const n of [1, 2]) {
          appendFileSync(join(a, "work.txt"), `line ${n}\n`);
          git("add", "work.txt");
          git("commit", "--quiet", "-m", `Work ${n}`);
        }
        git("rebase", "--quiet", main);
      },
    ],
    [
      "git stash of an edit, and pop",
      () => {
        appendFileSync(join(a, "README.md"), "an edit that is put away\n");
        git("stash", "--quiet");
        git("stash", "pop", "--quiet");
      },
    ],
    ["git checkout of all that was edited", () => git("checkout", "--quiet", "--", ".")],
  ];
  for (const [what, step] of steps) {
    step();
    await timed(what, alike);
    assert.equal((await statusOf(a)).conflicts, 0);
  }
  for (const [, step] of steps) step();
  await timed("all of that once more, one right after the other", alike);
  assert.equal(git("status", "--porcelain", "--untracked-files=no"), "", "git has the files as it left them");
  git("fsck", "--connectivity-only");

  // 3. A third folder joins when all is there.
  await timed("a third folder joins", async () => {
    await using upC = await up(patienceMs, c, "--hub", invite);
    folders.push(c);
    await alike();
    await upC.end();
    folders.pop();
  });

  // The packages are what npm has put there, to the last bit.
  const rules = readIgnoreRules(a);
  const isAside = (path: string): boolean => rules.ignores(`node_modules/${path}`, "file");
  const isNotHere = (path: string): boolean =>
    lstatSync(join(a, "node_modules", path), { throwIfNoEntry: false }) === undefined;
  const packagesDir = "node_modules/";
  const large = told.filter(({ path }) => path.startsWith(packagesDir));
  const hidden = new Set(large.map(({ path }) => path.slice(packagesDir.length)));
  const here = picture(join(b, "node_modules"), { without: isAside });
  const there = picture(join(PROJECT, "node_modules"), { without: (path) => isAside(path) || isNotHere(path), hidden });
  assert.deepEqual(differences(there, here), []);
  for (const running of [upB, upA]) {
    const { code, stderr } = await running.end();
    assert.deepEqual([code, stderr], [0, ""]);
  }
}

/** A daemon that is ready: with a hub that has much, once all of it is here. */
async function up(patienceMs: number, folder: string, ...args: string[]): Promise<Running> {
  const running = new Running(["up", folder, ...args], {}, "ignore");
  try {
    await until(() => {
      assert.equal(running.child.exitCode, null, running.stderr);
      return running.stdout.includes("\n");
    }, patienceMs);
    return running;
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

function statusOf(folder: string): Promise<Status> {
  return holdfastJson<Status>(["-C", folder, "status"]);
}

/** Waits until nothing is under way between `folders` and they are alike to the last bit, in all that travels. */
async function untilAlike(folders: readonly string[], patienceMs: number): Promise<void> {
  let why: unknown = "";
  const isAlike = async (): Promise<boolean> => {
    // Each look starts processes of its own: what is looked at shall have the machine in between.
    await delay(LOOK_EVERY_MS);
    const all = await Promise.all(folders.map(statusOf));
    why = all.map(({ queue, lag, cursor, lastError }) => ({ queue, lag, cursor, lastError }));
    if (all.some(({ queue, lag }) => queue > 0 || lag > 0) || new Set(all.map(({ cursor }) => cursor)).size > 1)
      return false;
    const refused = new Set(all.flatMap((status) => status.refused.map(({ path }) => path)));
    const [first = {}, ...others] = folders.map((folder) => {
      const rules = readIgnoreRules(folder);
      return picture(folder, { without: (path) => rules.ignores(path, "file"), hidden: refused });
    });
    why = others.flatMap((other) => differences(first, other)).slice(0, 20);
    return others.every((other) => differences(first, other).length === 0);
  };
  const deadlineMs = performance.now() + patienceMs;
  await until(isAlike, patienceMs).catch((error: unknown) => {
    if (performance.now() < deadlineMs) throw error;
    assert.fail(`not alike: ${JSON.stringify(why, null, 1)}`);
  });
}

/** Files larger than `bytes` in a folder, less those of its own state and of git. */
function filesOver(folder: string, bytes: number): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split("/").some((segment) => segment === ".holdfast" || segment === ".git"))
    .filter((path) => statSync(join(folder, path)).size > bytes)
    .sort();
}

/** Names in node_modules, scopes taken apart, until `files` files are together; all without it. Node itself comes first. */
function packages(files = Number.POSITIVE_INFINITY): string[] {
  const all = readdirSync(join(PROJECT, "node_modules"))
    .flatMap((name) =>
      name.startsWith("@")
        ? readdirSync(join(PROJECT, "node_modules", name)).map((inner) => join(name, inner))
        : [name],
    )
    .sort();
  const taken = [NODE, ".bin"];
  let count = 0;
  for (const name of all) {
    if (count >= files) break;
    if (taken.includes(name)) continue;
    const size = sizeOf(join(PROJECT, "node_modules", name));
    // Programs of tens of megabytes belong to the whole.
    if (files !== Number.POSITIVE_INFINITY && size.bytes > 20_000_000) continue;
    taken.push(name);
    count += size.files;
  }
  return taken;
}

function sizeOf(folder: string): { files: number; bytes: number } {
  const found: Dirent[] = statSync(folder).isDirectory()
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
    : [];
  let [files, bytes] = [0, 0];
  for (const entry of found) {
    if (!entry.isFile() || entry.parentPath.includes("/.holdfast")) continue;
    files += 1;
    bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return { files, bytes };
}

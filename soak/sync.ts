// Soak: three folders on one hub, seeded random operations in all of them, and kill -9 of a daemon or the hub every few
// seconds. In the end all folders are byte-identical, and every save that lay unchanged for a second under a running
// daemon exists somewhere: as content, in the history of every machine, or as a conflict copy.
//
//   npm run soak -- sync [--seed N] [--kills N] [--keep]
//
// The seed is printed; the same seed gives the same operations and kills (their timing is the machine's).

import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { seed: { type: "string" }, kills: { type: "string" }, keep: { type: "boolean" } },
});
const seed = Number(values.seed ?? randomInt(1_000_000_000));
const kills = Number(values.kills ?? 200);
const STABLE_MS = 1_100;
const SETTLE_MS = 90_000;
const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");

/** Mulberry32: small, seeded, good enough to choose operations. */
function generator(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const random = generator(seed);
const below = (n: number): number => Math.floor(random() * n);
const oneOf = <T>(items: readonly T[]): T => {
  const item = items[below(items.length)];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
};

const root = mkdtempSync(join(tmpdir(), "holdfast-soak-"));
const hubDir = join(root, "hub");

class Program {
  readonly args: readonly string[];
  readonly ready: RegExp;
  child: ChildProcess | undefined;
  upSince = Number.POSITIVE_INFINITY;
  output = "";
  constructor(args: readonly string[], ready: RegExp) {
    this.args = args;
    this.ready = ready;
  }
  async start(): Promise<void> {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...this.args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.output = "";
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        this.output = (this.output + chunk.toString()).slice(-20_000);
        if (this.ready.test(this.output)) resolve();
      };
      child.stdout?.on("data", take);
      child.stderr?.on("data", take);
      child.once("exit", (code, signal) =>
        reject(new Error(`${this.args.join(" ")} ended: ${code ?? signal}\n${this.output}`)),
      );
    });
    this.upSince = performance.now();
  }
  async kill(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.upSince = Number.POSITIVE_INFINITY;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }
}

async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args]);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`holdfast ${args.join(" ")} exits ${code}: ${err}`);
  return out;
}

/** Of each save that must be found, where and when it was made. */
const stories = new Map<string, string>();

/** A save that was made, and when: it counts once it lay for a second under a running daemon. */
interface Save {
  readonly hash: string;
  readonly at: number;
}

const NAMES = [
  "a.txt",
  "b.txt",
  "Notes.md",
  "notes.md",
  "ünï.txt",
  "u\u0308ni.txt",
  "data.bin",
  "empty",
  "x",
  "long name with spaces.txt",
];
const DIRS = ["", "src", "src/deep", "docs", "docs/old", "Ordner ä"];

class Folder {
  readonly path: string;
  readonly daemon: Program;
  readonly saves = new Map<string, Save>();
  constructor(name: string) {
    this.path = join(root, name);
    this.daemon = new Program(["up", this.path], /http:\/\//);
  }
  files(): string[] {
    return walk(this.path)
      .filter((item) => item.kind === "file")
      .map((item) => item.path);
  }
  /** Before `path` changes: did the save there lie long enough to count? */
  settle(path: string, required: Set<string>): void {
    const now = performance.now();
    for (const [saved, save] of this.saves) {
      if (saved !== path && !saved.startsWith(`${path}/`)) continue;
      const since = Math.max(save.at, this.daemon.upSince);
      if (now - since > STABLE_MS && hashOf(join(this.path, saved)) === save.hash)
        this.require(saved, save, now - since, required);
      this.saves.delete(saved);
    }
  }
  private require(path: string, save: Save, lainMs: number, required: Set<string>): void {
    required.add(save.hash);
    const at = new Date(performance.timeOrigin + save.at).toISOString();
    stories.set(save.hash, `${this.path}/${path}, saved at ${at}, lay ${lainMs.toFixed(0)} ms under the daemon`);
  }
  write(path: string, bytes: Uint8Array, required: Set<string>, how: "write" | "replace"): void {
    const full = join(this.path, path);
    this.settle(path, required);
    mkdirSync(dirname(full), { recursive: true });
    if (how === "replace") {
      writeFileSync(`${full}.swp`, bytes);
      renameSync(`${full}.swp`, full);
    } else writeFileSync(full, bytes);
    this.saves.set(path, { hash: createHash("sha256").update(bytes).digest("hex"), at: performance.now() });
  }
}

function hashOf(path: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return undefined;
  }
}

function walk(dir: string, base = dir): { path: string; kind: "file" | "directory" | "link" }[] {
  let entries: import("node:fs").Dirent[];
  try {
    entries = readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    if (entry.name === ".holdfast") return [];
    const path = relative(base, join(dir, entry.name));
    if (entry.isDirectory()) return [{ path, kind: "directory" as const }, ...walk(join(dir, entry.name), base)];
    return [{ path, kind: entry.isSymbolicLink() ? ("link" as const) : ("file" as const) }];
  });
}

/** What a folder holds, as text that can be compared. */
function picture(dir: string): string {
  return walk(dir)
    .map(({ path, kind }) => {
      const full = join(dir, path);
      if (kind === "directory") return `d ${path}`;
      if (kind === "link") return `l ${path} ${readlinkSync(full)}`;
      return `${statSync(full).mode & 0o100 ? "x" : "f"} ${path} ${hashOf(full)}`;
    })
    .sort()
    .join("\n");
}

const text = (): string =>
  Array.from({ length: 1 + below(40) }, () => `line ${below(1e6)} ${"word ".repeat(below(8))}`)
    .join("\n")
    .concat("\n");

/** One random operation in one folder. */
function operate(folder: Folder, required: Set<string>): void {
  const files = folder.files();
  const any = (): string => join(oneOf(DIRS), oneOf(NAMES)).normalize("NFC") && join(oneOf(DIRS), oneOf(NAMES));
  const roll = below(100);
  try {
    if (files.length === 0 || roll < 25) folder.write(any(), Buffer.from(text()), required, "write");
    else if (roll < 45) {
      const path = oneOf(files);
      const old = readFileSync(join(folder.path, path), "utf8").split("\n");
      old.splice(below(old.length + 1), below(2), `edited ${below(1e9)}`);
      folder.write(path, Buffer.from(old.join("\n")), required, random() < 0.5 ? "replace" : "write");
    } else if (roll < 50) {
      const path = oneOf(files);
      folder.settle(path, required);
      truncateSync(join(folder.path, path), 0);
    } else if (roll < 62) {
      const [from, to] = [oneOf(files), any()];
      folder.settle(from, required);
      folder.settle(to, required);
      mkdirSync(dirname(join(folder.path, to)), { recursive: true });
      renameSync(join(folder.path, from), join(folder.path, to));
    } else if (roll < 68) {
      const [from, to] = [oneOf(DIRS.slice(1)), `${oneOf(DIRS.slice(1))}-${below(3)}`];
      folder.settle(from, required);
      if (existsSync(join(folder.path, from)) && !existsSync(join(folder.path, to)) && !to.startsWith(`${from}/`)) {
        mkdirSync(dirname(join(folder.path, to)), { recursive: true });
        renameSync(join(folder.path, from), join(folder.path, to));
      }
    } else if (roll < 74 && files.length > 1) {
      const [a, b] = [oneOf(files), oneOf(files)];
      if (a === b) return;
      folder.settle(a, required);
      folder.settle(b, required);
      const [pathA, pathB, pathT] = [join(folder.path, a), join(folder.path, b), join(folder.path, "swap.swp")];
      renameSync(pathA, pathT);
      renameSync(pathB, pathA);
      renameSync(pathT, pathB);
    } else if (roll < 86) {
      const path = oneOf(files);
      folder.settle(path, required);
      rmSync(join(folder.path, path));
    } else if (roll < 88) {
      const path = oneOf(DIRS.slice(1));
      folder.settle(path, required);
      rmSync(join(folder.path, path), { recursive: true, force: true });
    } else if (roll < 91) {
      const bytes = Buffer.alloc(5_000_000, below(256));
      bytes.writeUInt32LE(below(2 ** 32), 17);
      folder.write(any(), bytes, required, "write");
    } else if (roll < 94) mkdirSync(join(folder.path, oneOf(DIRS), `dir${below(4)}`), { recursive: true });
    else folder.write(any(), Buffer.from([0, 255, ...Buffer.from(text())]), required, "replace");
  } catch (error) {
    // The folder moves under us: what is gone, or is a directory now, is not there to be operated on.
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!["ENOENT", "EISDIR", "ENOTDIR", "EEXIST", "ENOTEMPTY", "EINVAL"].includes(code)) throw error;
  }
}

/** Hashes of all versions that a folder's store knows. */
function knownHashes(folder: Folder): Set<string> {
  using db = disposable(new DatabaseSync(join(folder.path, ".holdfast", "catalog.db")));
  const rows = db.prepare("SELECT DISTINCT hash FROM versions WHERE hash IS NOT NULL").all() as { hash: string }[];
  return new Set(rows.map(({ hash }) => hash));
}
function disposable(db: DatabaseSync): DatabaseSync & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => db.close() });
}

async function main(): Promise<void> {
  console.log(`soak sync: seed ${seed}, ${kills} kills, in ${root}`);
  const hub = new Program(
    ["hub", "start", "--data", hubDir, "--port", String(20_000 + (seed % 20_000)), "--json"],
    /"url":\s*"http/,
  );
  await hub.start();
  const told = JSON.parse(hub.output.slice(hub.output.indexOf("{"))) as { url: string; adminToken: string };
  const folders = ["one", "two", "three"].map((name) => new Folder(name));
  for (const folder of folders) await run(["join", `${told.url}/#${told.adminToken}`, folder.path, "--json"]);
  await Promise.all(folders.map((folder) => folder.daemon.start()));
  const required = new Set<string>();
  let operations = 0;
  const started = performance.now();
  for (let kill = 1; kill <= kills; kill += 1) {
    const until = performance.now() + 1_000 + below(4_000);
    while (performance.now() < until) {
      operate(oneOf(folders), required);
      operations += 1;
      await pause(below(10) < 8 ? below(60) : below(1_500));
    }
    const victim = below(4);
    const program = victim === 3 ? hub : folders[victim]?.daemon;
    await program?.kill("SIGKILL");
    // Edits go on while it is down.
    for (let n = below(6); n > 0; n -= 1) operate(oneOf(folders), required);
    await program?.start();
    if (kill % 10 === 0)
      console.log(`${kill}/${kills} kills, ${operations} operations, ${required.size} saves that must be found`);
  }
  for (const folder of folders) for (const path of folder.saves.keys()) await pause(0).then(() => path);
  await pause(STABLE_MS + 200);
  for (const folder of folders) for (const path of [...folder.saves.keys()]) folder.settle(path, required);

  const deadline = performance.now() + SETTLE_MS;
  let pictures: string[] = [];
  for (let quiet = 0; quiet < 6; ) {
    pictures = folders.map((folder) => picture(folder.path));
    quiet = new Set(pictures).size === 1 ? quiet + 1 : 0;
    if (performance.now() > deadline) break;
    await pause(250);
  }
  const isAlike = new Set(pictures).size === 1;
  let lost = 0;
  for (const folder of folders) {
    const known = knownHashes(folder);
    for (const hash of required) {
      if (known.has(hash)) continue;
      lost += 1;
      console.log(`not known to ${folder.path}: ${hash}: ${stories.get(hash)}`);
    }
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  console.log(
    `${operations} operations, ${kills} kills, ${seconds} s; ${required.size} stable saves, ${lost} missing; folders ${isAlike ? "alike" : "DIFFER"}`,
  );
  for (const program of [...folders.map((folder) => folder.daemon), hub]) await program.kill("SIGTERM");
  if (!isAlike || lost > 0) {
    for (const [index, each] of pictures.entries()) writeFileSync(join(root, `picture-${index}.txt`), each);
    console.log(`FAILED with seed ${seed}; everything is in ${root}`);
    process.exitCode = 1;
  } else if (values.keep !== true) rmSync(root, { recursive: true, force: true });
}

await main();

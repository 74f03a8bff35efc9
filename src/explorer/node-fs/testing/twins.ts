// Two directories with the same things in them: what the replaced functions do in one is held against what Node does in
// the other. Arguments are plain data, so that a failure can be read: `@` stands for the directory.

import * as fs from "node:fs";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";

const FILES: Readonly<Record<string, string>> = {
  "a.txt": "alpha",
  "b.txt": "beta: ä€😀",
  "empty.txt": "",
  "dir/c.txt": "gamma",
  "dir/deep/d.txt": "delta",
};
const LINKS: Readonly<Record<string, string>> = {
  "to-a": "a.txt",
  "to-dir": "dir",
  dangling: "nowhere",
  loop: "loop",
  "dir/to-above": "../a.txt",
};

/** The paths that functions are tried with. */
export const PATHS = [
  ...Object.keys(FILES),
  ...Object.keys(LINKS),
  "dir",
  "dir/deep",
  "hollow",
  "missing",
  "missing/below",
  "missing/far/below",
  "dangling/below",
  "dangling/far/below",
  "loop/far/below",
  "a.txt/below",
  "to-dir/c.txt",
  "to-dir/fresh",
  "dir/",
  "hollow/./",
  "dir/../b.txt",
].map((path) => `@/${path}`);

/** Makes `root` as it is at the beginning. */
export function fill(root: string): void {
  fs.rmSync(root, { recursive: true, force: true });
  for (const directory of ["dir/deep", "hollow"]) fs.mkdirSync(`${root}/${directory}`, { recursive: true });
  for (const [name, content] of Object.entries(FILES)) fs.writeFileSync(`${root}/${name}`, content);
  for (const [name, target] of Object.entries(LINKS)) fs.symlinkSync(target, `${root}/${name}`);
}

/** Everything below, as text; times only where they were set to something old. */
export function picture(root: string): string[] {
  const lines: string[] = [];
  const look = (path: string): void => {
    const stats = fs.lstatSync(path);
    const name = path.slice(root.length).replace(/tmp-\w{6}/, "tmp-XXXXXX");
    const old = (ms: number): number | "new" => (ms < 1e12 ? ms : "new");
    const facts = [stats.mode.toString(8), stats.nlink, stats.uid, stats.gid, old(stats.atimeMs), old(stats.mtimeMs)];
    let content = "";
    if (stats.isFile()) content = fs.readFileSync(path, "latin1");
    if (stats.isSymbolicLink()) content = shown(fs.readlinkSync(path), root) as string;
    lines.push(`${name} ${facts.join(" ")} ${content}`);
    if (!stats.isDirectory()) return;
    for (const child of fs.readdirSync(path).sort()) look(`${path}/${child}`);
  };
  look(root);
  return lines;
}

/** Plain data as the argument it stands for. */
export function argument(data: unknown, root: string): unknown {
  if (typeof data === "string") return data.startsWith("@") ? root + data.slice(1) : data;
  if (Array.isArray(data)) return data.map((one) => argument(one, root));
  if (typeof data !== "object" || data === null) return data;
  const [kind, value] = Object.entries(data)[0] ?? [];
  const inner = argument(value, root);
  if (kind === "$buffer") return Buffer.from(inner as string);
  if (kind === "$url") return pathToFileURL(inner as string);
  if (kind === "$date") return new Date(inner as number);
  if (kind === "$words") return new Uint16Array(inner as number[]);
  return Object.fromEntries(Object.entries(data).map(([key, one]) => [key, argument(one, root)]));
}

/** What came back, as plain data that can be compared between the twins. */
export function shown(value: unknown, root: string): unknown {
  if (typeof value === "string")
    return value
      .replaceAll(root, "@")
      .replace(/tmp-\w{6}/g, "tmp-XXXXXX")
      .replace(/(Unknown error: ).*/, "$1...");
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return shownError(value, root);
  if (Buffer.isBuffer(value)) return { buffer: shown(value.toString("latin1"), root) };
  if (ArrayBuffer.isView(value)) return { view: inspect(value) };
  if (Array.isArray(value)) return value.map((one) => shown(one, root));
  if ("isSymbolicLink" in value) return "mode" in value ? shownStats(value) : shownDirent(value, root);
  if ("bavail" in value) return { keys: Object.keys(value), type: typeof value.bavail };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one, root)]));
}

function shownError(error: Error, root: string): unknown {
  const { name, message } = error;
  const fields = Object.entries(error).map(([key, value]) => [key, shown(value, root)]);
  return {
    error: { ...Object.fromEntries(fields), keys: Object.keys(error).sort(), name, message: shown(message, root) },
  };
}

const CHECKS = ["isFile", "isDirectory", "isSymbolicLink", "isFIFO", "isSocket", "isBlockDevice", "isCharacterDevice"];

function checks(value: object): string[] {
  return CHECKS.filter((check) => (value as Record<string, () => boolean>)[check]?.());
}

const VARYING = ["ino", "atimeMs", "mtimeMs", "ctimeMs", "birthtimeMs", "atimeNs", "mtimeNs", "ctimeNs", "birthtimeNs"];

function shownStats(stats: object): unknown {
  const fields = Object.entries(stats).map(([key, value]) => [key, VARYING.includes(key) ? typeof value : `${value}`]);
  const { mtime } = stats as fs.Stats;
  return { stats: Object.fromEntries(fields), checks: checks(stats), date: mtime instanceof Date };
}

function shownDirent(dirent: object, root: string): unknown {
  const { name, parentPath } = dirent as fs.Dirent;
  return { dirent: shown(name, root), parentPath: shown(parentPath, root), checks: checks(dirent) };
}

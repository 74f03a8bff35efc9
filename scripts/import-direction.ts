// Imports run downward only: a room knows the rooms below it and none above. `npm run check` runs this file.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** From the ground up. Rooms of one line do not know each other. */
const FLOORS: readonly (readonly string[])[] = [
  ["errors.ts"],
  ["coordination"],
  ["explorer", "entries"],
  ["store"],
  ["hub"],
  ["hub-client"],
  ["peers"],
  ["files"],
  ["workspace"],
  ["index.ts"],
  ["dashboard", "mcp"],
  ["cli"],
];

export interface BrokenRule {
  /** Relative to the project. */
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** Every import under `root`/src that breaks a rule. */
export function brokenImports(root: string): BrokenRule[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && isBound(name))
    .sort()
    .flatMap((name) => brokenImportsOf(name, readFileSync(join(root, "src", name), "utf8")));
}

/** The rules broken by the source `text` of src/`name`. */
export function brokenImportsOf(name: string, text: string): BrokenRule[] {
  const from = roomOf(name);
  return importsOf(text).flatMap(({ line, target }) => {
    const rule = ruleBroken(from, normalize(join(dirname(name), target)));
    return rule === undefined ? [] : [{ file: `src/${name}`, line, rule }];
  });
}

/** Tests, races and what only they use may reach for anything. */
function isBound(name: string): boolean {
  return !/\.(test|race|soak)\.tsx?$|(^|\/)testing\//.test(name);
}

function roomOf(name: string): string {
  return name.split("/")[0] ?? name;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room));
}

function ruleBroken(from: string, target: string): string | undefined {
  const to = roomOf(target);
  if (to === "..") return `src does not import what lies outside of it (${target})`;
  if (to === from) return undefined;
  if (floorOf(from) < 0)
    return `the room ${from} has no place in the order; give it one in scripts/import-direction.ts`;
  if (floorOf(to) < 0) return `the room ${to} has no place in the order; give it one in scripts/import-direction.ts`;
  if (floorOf(to) >= floorOf(from)) return `${from} must not import ${to}: imports run downward only`;
  if (from === "hub-client" && to === "hub" && target !== "hub/protocol.ts") {
    return "hub-client knows only the protocol of the hub (hub/protocol.ts)";
  }
  if (from === "index.ts" && to !== "workspace" && to !== "errors.ts" && to !== "entries") {
    return "src/index.ts is the face of the workspace and re-exports that, with errors and entry types";
  }
  return undefined;
}

function importsOf(text: string): { line: number; target: string }[] {
  return text.split("\n").flatMap((content, index) => {
    if (/^\s*(\/\/|\*|\/\*)/.test(content)) return [];
    const targets = content.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']*)["']/g);
    return [...targets].map((match) => ({ line: index + 1, target: match[1] ?? "" }));
  });
}

if (import.meta.main) {
  const broken = brokenImports(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const { file, line, rule } of broken) console.error(`${file}:${line}: ${rule}`);
  console.log(broken.length === 0 ? "imports run downward only" : `${broken.length} imports against the rules`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}

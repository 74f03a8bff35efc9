// What the real Node prints for fixtures, and what the loader does.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { format } from "node:util";
import { assert } from "../../../errors.ts";
import type { InstanceOptions } from "../instance.ts";
import { moduleBuiltin } from "../module-builtin.ts";
import { Modules } from "../modules.ts";
import type { Fixture } from "./fixtures.ts";

const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Writes files below a new folder and returns it; the folder is gone when this process ends. */
export function writeFiles(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-modules-")));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The file of a fixture that is loaded. */
export function mainOf(folder: string, fixture: Fixture): string {
  const name = Object.keys(fixture.files).find((file) => file.startsWith("main."));
  assert(name !== undefined, "a fixture has a main file");
  return join(folder, name);
}

/** The lines that Node prints for each of the files; all in one process. */
export function printedByNode(files: readonly string[]): string[][] {
  const folder = writeFiles({
    "driver.mjs": `
      import { format } from "node:util";
      const { log } = console, all = [];
      for (const file of ${JSON.stringify(files)}) {
        const lines = []; all.push(lines); console.log = (...args) => { lines.push(format(...args)) };
        try { await (await import(file)).done } catch (error) { lines.push("failed: " + error.stack) }
      }
      log(JSON.stringify(all));`,
  });
  const args = ["--experimental-transform-types", "--no-warnings", join(folder, "driver.mjs")];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert(stdout !== "", `Node printed nothing but: ${stderr}`);
  return JSON.parse(stdout) as string[][];
}

/** The lines that the loader prints for a file, with the builtins of this process. */
export async function printedByLoader(file: string): Promise<string[]> {
  const lines: string[] = [];
  const log = (...args: unknown[]) => {
    lines.push(format(...args));
  };
  try {
    await new Modules().instance({ ...REAL, globals: { ...REAL.globals, console: { log } } }).load(file).done;
  } catch (error) {
    lines.push(`failed: ${error instanceof Error ? error.stack : error}`);
  }
  return lines;
}

const require = createRequire(import.meta.url);

/** The globals and builtins of this process. */
export const REAL: InstanceOptions = {
  globals: { process, setTimeout, clearTimeout, setImmediate, queueMicrotask, Date, Math, crypto, fetch, performance },
  builtin: (name, instance) => (name === "module" ? moduleBuiltin(instance) : require(`node:${name}`)),
};

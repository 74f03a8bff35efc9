// The commands that the documentation shows: found in the pages, and run as a reader would.
//
// A block fenced as ```sh is run; blocks of one page run one after the other in one shell, in a folder of its own that is also
// HOME, with `holdfast` on the PATH and as a package that programs can import. A block that cannot be run says why: ```sh no-run waits for a second machine
// `npm start`, `npm test` and `npm run X` are not run (a test that runs all tests would run itself); they must exist.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Block {
  /** Line of the page where the block's first command stands, from 1. */
  readonly line: number;
  readonly commands: string;
  /** Why the block is not run; undefined for one that is; "" when the page gives no reason, which is an error. */
  readonly noRun: string | undefined;
}

export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const PAGE_TIMEOUT_MS = 60_000;

/** README.md, CONTRIBUTING.md and what stands in docs/, relative to the project. */
export function pagesOfProject(): string[] {
  return [
    "README.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(PROJECT, "docs"), { recursive: true, encoding: "utf8" }).map((name) => `docs/${name}`),
  ]
    .filter((name) => name.endsWith(".md") && existsSync(join(PROJECT, name)))
    .sort();
}

/** The ```sh blocks of a page of the project. */
export function commandsOf(page: string): Block[] {
  return blocksOf(readFileSync(join(PROJECT, page), "utf8"));
}

/** The ```sh blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; noRun: string | undefined; lines: string[] } | undefined;
  let isOther = false; // inside a block of another language
  for (const [index, text] of page.split("\n").entries()) {
    const fence = /^```(\S*)\s*(.*)$/.exec(text);
    if (fence === null) {
      open?.lines.push(text);
    } else if (open !== undefined) {
      blocks.push({ line: open.line, noRun: open.noRun, commands: open.lines.join("\n") });
      open = undefined;
    } else if (isOther) {
      isOther = false;
    } else if (fence[1] === "sh") {
      const noRun = /^no-run\b\s*(.*)$/.exec(fence[2] ?? "")?.[1];
      open = { line: index + 2, noRun, lines: [] };
    } else {
      isOther = true;
    }
  }
  return blocks;
}

/** What is wrong with the page's blocks as text: a reason that is missing, an npm script that does not exist. */
export function faultsOf(blocks: readonly Block[], scripts: Readonly<Record<string, string>>): string[] {
  return blocks.flatMap((block) => {
    if (block.noRun === "") return [`line ${block.line}: no-run needs a reason`];
    return block.commands.split("\n").flatMap((command, index) => {
      const script = npmScriptOf(command);
      if (script === undefined || script in scripts) return [];
      return [`line ${block.line + index}: package.json has no script "${script}"`];
    });
  });
}

/** Runs the blocks of one page; the result is what went wrong, or undefined. Nothing is left behind. */
export function runBlocks(blocks: readonly Block[]): string | undefined {
  const lines = blocks
    .filter((block) => block.noRun === undefined)
    .flatMap((block) => [`echo "--- block of line ${block.line}"`, ...block.commands.split("\n").map(skipNpmScripts)]);
  if (lines.length === 0) return undefined;
  const place = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
  const home = join(place, "home");
  try {
    mkdirSync(home);
    mkdirSync(join(place, "node_modules"));
    symlinkSync(PROJECT, join(place, "node_modules/holdfast"));
    mkdirSync(join(home, ".shims"));
    for (const [name, target] of [
      ["holdfast", join(PROJECT, "bin/holdfast")],
      ["node", process.execPath],
    ] as const) {
      writeFileSync(join(home, ".shims", name), `#!/bin/sh\nexec "${target}" "$@"\n`);
      chmodSync(join(home, ".shims", name), 0o755);
    }
    const run = spawnSync("bash", ["-euo", "pipefail"], {
      cwd: home,
      input: lines.join("\n"),
      encoding: "utf8",
      timeout: PAGE_TIMEOUT_MS,
      // Within a test, node:test runs no other.
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        HOME: home,
        PATH: `${join(home, ".shims")}:${process.env.PATH ?? ""}`,
      },
    });
    if (run.status === 0) return undefined;
    return `exit ${run.status ?? run.signal}\n${run.stdout}\n${run.stderr}`;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** The scripts of package.json. */
export function packageScripts(): Record<string, string> {
  const parsed = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as {
    scripts?: Record<string, string>;
  };
  return parsed.scripts ?? {};
}

function npmScriptOf(command: string): string | undefined {
  const match = /^\s*npm (?:(start|test)|run ([\w:.-]+))\b/.exec(command);
  return match?.[1] ?? match?.[2];
}

function skipNpmScripts(command: string): string {
  return npmScriptOf(command) === undefined ? command : ":";
}

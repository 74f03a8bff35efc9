// Calls of the SDK in processes of their own, killed with `kill -9` right before each change that they make.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { isLong } from "../../explorer/testing/long-tests.ts";
import { openWorkspace, type Workspace } from "../../index.ts";

const PROGRAM = fileURLToPath(new URL("./sdk-process.ts", import.meta.url));
/** With `HOLDFAST_TESTS=long` it is killed at every change, else at every third. */
const STEP = isLong ? 1 : 3;
/** No call that is tested makes more changes. */
const MOST_CHANGES = 300;

export type SdkCall = readonly [method: string, ...args: unknown[]];

export interface Ended {
  /** What each call told, as far as it came. */
  readonly told: readonly unknown[];
  readonly wasKilled: boolean;
}

/** Makes `calls` in a process of their own; with `crashAt` it dies right before its so-many-th change. */
export async function inProcess(folder: string, calls: readonly SdkCall[], crashAt = 0): Promise<Ended> {
  const words = calls.map((call) => JSON.stringify(call));
  const child = spawn(process.execPath, [PROGRAM, folder, String(crashAt), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [stdout] = await Promise.all([text(child.stdout), once(child, "close")]);
  assert.ok(child.exitCode === 0 || child.signalCode === "SIGKILL", `it ended with ${child.exitCode}`);
  const told = stdout.split("\n").slice(0, -1);
  return { told: told.map((line) => JSON.parse(line) as unknown), wasKilled: child.signalCode !== null };
}

/** A folder of its own, removed at the end. */
export class TempFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "holdfast-killed-"));
  at(...names: string[]): string {
    return join(this.path, ...names);
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Makes `call` in a fresh workspace, killed before one of its changes after the other, until it survives; after each death `check` looks
 * at the workspace. Returns the number of deaths.
 */
export async function killedEverywhere(
  prepare: (workspace: Workspace) => Promise<void>,
  call: SdkCall,
  check: (folder: TempFolder, died: { readonly at: number; readonly wasTold: boolean }) => Promise<void>,
): Promise<number> {
  for (let crashAt = 1; crashAt <= MOST_CHANGES; crashAt += STEP) {
    using folder = new TempFolder();
    {
      await using workspace = await openWorkspace(folder.path);
      await prepare(workspace);
      await workspace.list(); // from here on the catalog counts as complete
    }
    const { told, wasKilled } = await inProcess(folder.path, [call], crashAt);
    await check(folder, { at: crashAt, wasTold: told.length > 0 });
    if (!wasKilled) return Math.floor(crashAt / STEP);
  }
  throw new Error(`more than ${MOST_CHANGES} changes`);
}

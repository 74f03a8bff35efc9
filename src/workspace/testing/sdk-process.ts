// A program that makes calls of the SDK: `sdk-process.ts FOLDER CRASH_AT [METHOD, ...ARGS]...`, each call a JSON list.
// It prints one JSON line a call: its result, or `{code}` when it failed. With CRASH_AT above 0 it kills itself right
// before that change, counted from the first call on, that it would make to what lies on disk or in the catalog.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { isHoldfastError, openWorkspace, type Workspace } from "../../index.ts";

const [folder = "", crashAt = "0", ...calls] = process.argv.slice(2);

const CHANGES = [
  ...["renameSync", "mkdirSync", "linkSync", "writeFileSync", "rmSync", "openSync", "copyFileSync"],
  ...["fsyncSync", "fdatasyncSync", "unlinkSync", "utimesSync"],
] as const;

function dieBefore(change: number): void {
  let left = change;
  const step = (): void => {
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
  for (const name of CHANGES) {
    const real: unknown = Reflect.get(fs, name);
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        if (!args.some((arg) => typeof arg === "string" && arg.includes("/locks/"))) step();
        return Reflect.apply(real as (...given: unknown[]) => unknown, fs, args);
      },
    });
  }
  syncBuiltinESMExports();
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql: string) {
    if (sql === "COMMIT") step();
    return exec.call(this, sql);
  };
}

const workspace: Workspace = await openWorkspace(folder);
if (Number(crashAt) > 0) dieBefore(Number(crashAt));
for (const call of calls) {
  const [method = "", ...args] = JSON.parse(call) as [string, ...unknown[]];
  const verb = Reflect.get(workspace, method) as (...given: unknown[]) => Promise<unknown>;
  let told: unknown;
  try {
    told = await Reflect.apply(verb, workspace, args);
  } catch (error) {
    told = { code: isHoldfastError(error) ? error.code : String(error) };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
await workspace.close();

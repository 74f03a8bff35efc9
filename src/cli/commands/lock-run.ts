// Holds a lock while a command runs, and passes the hold on to it: what the command writes waits for nobody.

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import {
  collectionOfScope,
  type Fence,
  HOLD_VARIABLE,
  lockPath,
  STRUCTURAL,
  StructuralLock,
  withLock,
} from "../../coordination/index.ts";
import { HoldfastError, NotFoundError, systemCode } from "../../errors.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { recovered } from "../../store/recovery.ts";
import type { Call, Outcome } from "../call.ts";
import { printable } from "../text.ts";
import { waitLine } from "../wait-line.ts";

/** Sent to us, they are the command's to act on: we end when it has ended. */
const PASSED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
const LONGEST_WAIT_MS = 1_000_000_000;

/** How the command ended. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export async function run(call: Call): Promise<Outcome> {
  const scope = call.arg(0);
  const [program, ...args] = call.rest(1);
  if (program === undefined) {
    throw new HoldfastError("USAGE", "there is no command to run under the lock", {
      hint: `Name it after two dashes: \`holdfast lock run ${scope} -- COMMAND\`.`,
    });
  }
  const { layout } = openWorkspaceRecord(call.folder());
  // Under a hold, others' journals could not be replayed.
  await recovered(layout, { signal: call.signal });
  const ended = await holding(call, layout.locks, scope, (fence) => {
    call.signal.throwIfAborted();
    return runToEnd(program, args, call.json, { ...process.env, [HOLD_VARIABLE]: fence.passOn() });
  });
  const exitCode = ended.code ?? 128 + (ended.signal === null ? 0 : constants.signals[ended.signal]);
  return {
    json: { scope, command: [program, ...args], exitCode, signal: ended.signal },
    text: () => "",
    ...(exitCode === 0 ? {} : { failure: commandFailed(program, exitCode), exitCode }),
  };
}

/** Runs `body` while holding what `scope` stands for: all writers' lock, a collection's, or one with a meaning of its own. */
function holding<T>(
  call: Call,
  locksDir: string,
  scope: string,
  body: (fence: Pick<Fence, "passOn">) => Promise<T>,
): Promise<T> {
  const hold = process.env[HOLD_VARIABLE];
  const onWait = waitLine(call);
  const timeoutMs = call.integer("timeout", 0, LONGEST_WAIT_MS);
  const options = {
    signal: call.signal,
    onLost: () =>
      void process.stderr.write(
        `holdfast: ${printable(scope)} was taken away: what the command writes is refused from now on\n`,
      ),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(onWait === undefined ? {} : { onWait }),
    ...(hold === undefined || hold === "" ? {} : { hold }),
  };
  const store = new StructuralLock(locksDir);
  if (scope === STRUCTURAL) return store.alone(options, body);
  const collection = collectionOfScope(scope);
  if (collection !== undefined) return store.withCollections([collection], options, body);
  return withLock(lockPath(locksDir, scope), { ...options, scope }, body);
}

/** Runs a command, and passes signals on to it until it has ended. */
async function runToEnd(
  program: string,
  args: readonly string[],
  json: boolean,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  let child: ChildProcess | undefined;
  const passOn = (name: NodeJS.Signals): void => {
    // Ctrl-C at a terminal has reached the command already.
    if (name !== "SIGINT" || process.stdin.isTTY !== true) child?.kill(name);
  };
  // Before it is started, and never without a listener: a signal that comes between would be lost.
  const others = PASSED_SIGNALS.map((name) => ({ name, listeners: process.listeners(name) }));
  for (const { name, listeners } of others) {
    process.on(name, passOn);
    for (const listener of listeners) process.removeListener(name, listener);
  }
  try {
    return await new Promise((resolve, reject) => {
      // With --json stdout is for our one document.
      child = spawn(program, args, { stdio: ["inherit", json ? 2 : "inherit", "inherit"], env });
      child.once("error", (error) => reject(systemCode(error) === "ENOENT" ? notFound(program, error) : error));
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
  } finally {
    for (const { name, listeners } of others) {
      for (const listener of listeners) process.on(name, listener);
      process.removeListener(name, passOn);
    }
  }
}

function notFound(program: string, cause: Error): NotFoundError {
  return new NotFoundError(`there is no command ${program}`, { hint: "Check its name and the PATH.", cause });
}

function commandFailed(program: string, exitCode: number): HoldfastError {
  return new HoldfastError("COMMAND_FAILED", `${program} ended with exit code ${exitCode}`, {
    hint: "The lock was given back; what the command said is above.",
    details: { exitCode },
  });
}

// `up --detach`: the daemon as a process of its own, which outlives the one that started it.
//
// The starter is told how far the start is, and waits for one message: ready, or the error that ended it. A child that dies without a word is
// reported with the place of its log.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { HOLD_VARIABLE } from "../coordination/index.ts";
import { type ErrorCode, HoldfastError, toHoldfastError } from "../errors.ts";
import type { FolderEvent } from "../files/index.ts";
import { invitedTo } from "../peers/workspace-key.ts";
import { initWorkspaceRecord, type Layout } from "../store/index.ts";
import { daemonLog } from "./daemon-record.ts";
import { openLinked } from "./join.ts";

export interface Started {
  readonly pid: number;
  readonly url: string;
  readonly folder: string;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Record<string, unknown>;
}

type Progressed = FolderEvent & { readonly kind: "progress" };
type Message = { readonly ready: Started } | { readonly failed: Failure } | { readonly progress: Progressed };

/** Starts `holdfast ARGS` in the background, for `folder` and perhaps another hub than its own, and resolves when it is
 *  ready. Throws what ended its start. */
export async function startDetached(
  {
    folder,
    hub,
    bootstrap,
  }: { readonly folder: string; readonly hub: string | undefined; readonly bootstrap?: readonly string[] | undefined },
  args: readonly string[],
  signal: AbortSignal,
  onProgress: (progress: Progressed) => void,
): Promise<Started> {
  // Refuses a bad folder or hub here, and makes room for the log.
  const { layout } =
    hub === undefined ? initWorkspaceRecord(folder, invitedTo(bootstrap)) : await openLinked(folder, hub, { signal });
  mkdirSync(layout.root, { recursive: true });
  const log = openSync(daemonLog(layout), "a", 0o600);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
      // Not the caller's folder: a daemon must not keep a disk from being unmounted.
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
      // It outlives whoever may have passed a hold on to this command.
      env: { ...process.env, [HOLD_VARIABLE]: undefined },
    });
  } finally {
    closeSync(log);
  }
  try {
    return await untilReady(child, layout, signal, onProgress);
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** Tells the process that started this one in the background; false when none did. */
export async function tellStarter(news: { readonly ready: Started } | { readonly error: unknown }): Promise<boolean> {
  if (process.send === undefined || !process.connected) return false;
  const message: Message = "ready" in news ? { ready: news.ready } : { failed: asFacts(news.error) };
  await new Promise<void>((resolve) => {
    process.send?.(message, undefined, {}, () => resolve());
  });
  if (process.connected) process.disconnect();
  return true;
}

/** How far the start is. Does nothing when nobody waits for it. */
export function tellStarterProgress(progress: Progressed): void {
  if (process.send !== undefined && process.connected) process.send({ progress } satisfies Message);
}

function untilReady(
  child: ChildProcess,
  layout: Layout,
  signal: AbortSignal,
  onProgress: (progress: Progressed) => void,
): Promise<Started> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    child.on("message", (message: Message) => {
      if ("progress" in message) onProgress(message.progress);
      else if ("ready" in message) resolve(message.ready);
      else reject(new HoldfastError(message.failed.code, message.failed.message, message.failed));
    });
    child.on("error", reject);
    child.on("exit", (code, ended) => {
      reject(
        new HoldfastError(
          "INTERNAL",
          `the background process ended (${ended ?? `exit code ${code}`}) before it was ready`,
          {
            hint: `Its last words are in ${daemonLog(layout)}.`,
          },
        ),
      );
    });
  });
}

function asFacts(error: unknown): Failure {
  const { code, message, hint, details } = toHoldfastError(error);
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details: { ...details } }),
  };
}

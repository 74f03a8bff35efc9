// `holdfast down`: tells the folder's daemon to stop, and waits until its process is gone.

import { sleep } from "../coordination/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Layout } from "../store/index.ts";
import { hasEnded, runningDaemon } from "./daemon-record.ts";

const LOOK_EVERY_MS = 20;
const PATIENCE_MS = 30_000;
const REAP_PATIENCE_MS = 2_500;

/** A folder that nobody keeps is stopped already: that is no error. */
export interface DownResult {
  readonly stopped: boolean;
  readonly pid: number | null;
}

/** Throws `LOCK_TIMEOUT` when the process does not end within 30 s, `NOT_UP` when it runs on another host. */
export async function stopDaemon(layout: Layout, signal?: AbortSignal): Promise<DownResult> {
  const running = runningDaemon(layout);
  if (running === undefined) return { stopped: false, pid: null };
  const { owner } = running;
  if (running.isElsewhere) {
    throw new HoldfastError(
      "NOT_UP",
      `${layout.folder} is kept by process ${owner.pid} of another host, ${owner.host}`,
      {
        hint: `Run \`holdfast down\` on ${owner.host}.`,
        details: { pid: owner.pid, host: owner.host },
      },
    );
  }
  try {
    process.kill(owner.pid, "SIGTERM");
  } catch {
    // It has ended by itself: the loop below sees it.
  }
  for (const startedMs = performance.now(); !hasEnded(owner); await sleep(LOOK_EVERY_MS, signal)) {
    if (performance.now() - startedMs < PATIENCE_MS) continue;
    throw new HoldfastError("LOCK_TIMEOUT", `process ${owner.pid} on ${owner.host} did not end within 30 s`, {
      hint: `Ending it with \`kill -9 ${owner.pid}\` loses nothing: what was saved is saved.`,
      details: { pid: owner.pid, host: owner.host },
    });
  }
  // Ended, but its pid may still be seen until its parent has noticed; one that never does is not waited for.
  for (const startedMs = performance.now(); pidIsSeen(owner.pid); await sleep(LOOK_EVERY_MS, signal)) {
    if (performance.now() - startedMs > REAP_PATIENCE_MS) break;
  }
  return { stopped: true, pid: owner.pid };
}

function pidIsSeen(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// Whether a power loss may have taken what only the journals hold. Asked before anything is read or written in a workspace, so
// it loads nothing: only a machine that was started anew since the last time has journals to replay.

import { existsSync, readFileSync } from "node:fs";
import { systemCode } from "../errors.ts";
import { bootId } from "./boot.ts";
import type { LockWait } from "./drafts.ts";
import type { Layout } from "./layout.ts";

/** On return all that was acknowledged lies in its place. Throws `LOCK_TIMEOUT`, `INTERRUPTED`, `READ_ONLY`,
 *  `NO_PERMISSION`, `DISK_FULL`. */
export async function recovered(layout: Layout, wait: LockWait = {}): Promise<void> {
  if (isOfThisBoot(layout)) return;
  const { replayJournals } = await import("./replay-journals.ts");
  await replayJournals(layout, wait);
}

function isOfThisBoot({ bootFile, journals }: Layout): boolean {
  try {
    return readFileSync(bootFile, "utf8") === bootId();
  } catch (error) {
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR") throw error;
    return !existsSync(journals);
  }
}

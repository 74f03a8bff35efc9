// The workspace that vanishes under its daemon: `.holdfast` or the whole folder removed, moved away, or unmounted
// (FILE-39). The daemon ends; nothing is deleted anywhere because of it.

import { rmdirSync, statSync } from "node:fs";
import { HoldfastError, shellWord } from "../errors.ts";
import type { Layout } from "../store/index.ts";

/** Two looks a second cost nothing, and cannot be lost, as events can when a disk goes. */
const LOOK_EVERY_MS = 250;

/** Calls `onGone` once, with `FOLDER_GONE`, when the workspace's record is no more. Returns how to end the watch. */
export function watchRecord(layout: Layout, onGone: (error: HoldfastError) => void): () => void {
  const timer = setInterval(() => {
    const error = recordGone(layout);
    if (error === undefined) return;
    clearInterval(timer);
    onGone(error);
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** The error for a workspace that is not there any more; undefined for one that is. */
export function recordGone(layout: Layout): HoldfastError | undefined {
  try {
    if (statSync(layout.workspaceFile, { throwIfNoEntry: false }) !== undefined) return undefined;
  } catch {
    return undefined; // not to be looked at: that is another failure, told by whatever meets it
  }
  return new HoldfastError("FOLDER_GONE", `the workspace in ${layout.folder} was removed, moved or unmounted`, {
    hint: `Nothing was deleted anywhere else. Bring it back, then start again with \`holdfast up ${shellWord(layout.folder)}\`.`,
    details: { path: layout.workspaceFile },
  });
}

/** Removes the empty folders that work under way may have made anew in the place of a workspace that is gone. */
export function removeRemains(layout: Layout): void {
  for (const dir of [layout.staging, layout.locks, layout.data, layout.trash, layout.root]) {
    try {
      rmdirSync(dir);
    } catch {
      // Not there, or not empty: then it is not ours to remove.
    }
  }
}

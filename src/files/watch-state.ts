// How changes of a folder are noticed: written down for `status`, which any process can ask, and told to the log.

import type { SyncDb } from "../hub-client/index.ts";
import type { FolderParts } from "./folder-parts.ts";
import type { WatchHandlers } from "./watch.ts";

export interface WatchState {
  /** `scanning`: some directory cannot be watched, so the whole folder is looked at every few seconds. */
  readonly mode: "watching" | "scanning";
  /** Why it is scanned; null while every directory is watched. */
  readonly reason: string | null;
  /** When more happened at once than the system remembers, and the folder was scanned for it; ISO 8601. */
  readonly missedAt: string | null;
}

const KEY = "watch";
const WATCHING: WatchState = { mode: "watching", reason: null, missedAt: null };

/** Of a daemon that starts: nothing is known yet that would keep it from watching. */
export function beginWatch(db: SyncDb): void {
  record(db, WATCHING);
}

/** As last written down; it says nothing of a folder that nobody keeps now. */
export function readWatch(db: SyncDb): WatchState {
  const text = db.meta(KEY);
  return text === undefined ? WATCHING : { ...WATCHING, ...(JSON.parse(text) as Partial<WatchState>) };
}

/** Handlers that tell of what a watch cannot see, and have the folder scanned for it: `scanOften` by the watch's state
 *  as it is by then, beginning now. */
export function tellingHandlers(
  { db, onEvent }: Pick<FolderParts, "db" | "onEvent">,
  { onPath, scanOften }: { readonly onPath: (path: string) => void; readonly scanOften: () => void },
): WatchHandlers {
  const notice = (message: string): void => onEvent({ kind: "notice", message });
  // A watch begins whole.
  record(db, { mode: "watching", reason: null });
  return {
    onPath,
    onPartial: (reason) => {
      record(db, { mode: "scanning", reason });
      notice(`changes are also looked for by scanning: ${reason}`);
      scanOften();
    },
    onWhole: () => {
      record(db, { mode: "watching", reason: null });
      notice("every directory is watched again");
    },
    onMissed: (reason) => {
      record(db, { missedAt: new Date().toISOString() });
      notice(`the folder is scanned: ${reason}`);
      onPath("");
    },
  };
}

function record(db: SyncDb, change: Partial<WatchState>): void {
  try {
    db.setMeta(KEY, JSON.stringify({ ...readWatch(db), ...change }));
  } catch {
    // A full disk: what is noticed and scanned does not depend on this note.
  }
}

// Watching the folder: paths that may have changed. Scanning is the safety net: whatever a watcher misses, a scan finds.

import { join, relative, sep } from "node:path";
import type { AsyncSubscription } from "@parcel/watcher";

export interface FolderWatch {
  stop(): Promise<void>;
}

export interface WatchHandlers {
  /** A relative path at or below which something changed. */
  readonly onPath: (path: string) => void;
  /** Events were lost or cannot be had: scan. */
  readonly onLost: (reason: string) => void;
}

/** Starts watching. Undefined when it cannot be done here (no watches left, no native part): `onLost` has said why. */
export async function watchFolder(folder: string, handlers: WatchHandlers): Promise<FolderWatch | undefined> {
  let subscription: AsyncSubscription;
  try {
    const { subscribe } = await import("@parcel/watcher");
    subscription = await subscribe(
      folder,
      (error, events) => {
        if (error !== null) handlers.onLost(error.message);
        for (const event of events ?? []) {
          const path = relative(folder, event.path);
          if (path !== "" && !path.startsWith("..")) handlers.onPath(sep === "/" ? path : path.split(sep).join("/"));
        }
      },
      { ignore: [join(folder, ".holdfast"), join(folder, ".git")] },
    );
  } catch (error) {
    handlers.onLost(error instanceof Error ? error.message : String(error));
    return undefined;
  }
  return { stop: () => subscription.unsubscribe() };
}

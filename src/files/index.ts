// A folder kept in step with a hub; see folder-sync.ts first.

export { type ListedConflict, listConflicts, resolveConflict } from "./conflicts.ts";
export { countFiles } from "./count-files.ts";
export type { FolderEvent, OnFolderEvent, Outcome } from "./events.ts";
export { type FolderStatus, folderStatus } from "./folder-status.ts";
export { FolderSync, type FolderSyncOptions, type SyncResult } from "./folder-sync.ts";
export { type History, historyOf, restoreVersion } from "./history.ts";
export { retry } from "./retry.ts";

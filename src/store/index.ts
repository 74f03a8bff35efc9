// The store's public face; see store.ts first.

export { contentPath as contentFile, openContent } from "./artifact-on-disk.ts";
export { type Arrival, Catalog, type ListedArtifact } from "./catalog.ts";
export { createFile } from "./create-file.ts";
export { withDatabaseCopy } from "./database-copy.ts";
export type { Draft, Incoming, LockWait, PutOptions, PutResult, StoredContent } from "./drafts.ts";
export { flush, fsyncPath, replaceFile } from "./durable.ts";
export { damaged, IndexDatabase, type IndexOptions, setAsideDamaged, takeSuspicion } from "./index-database.ts";
export { decodeName, encodeName, HOLDFAST_DIR, Layout } from "./layout.ts";
export type { ListedVersion } from "./list-artifacts.ts";
export { initWorkspaceRecord, refuseNoFolder, unmakeWorkspace } from "./make-workspace.ts";
export { type OpenedWorkspace, openWorkspaceRecord } from "./open-workspace.ts";
export { filePieces, readContent, readContentUpTo, verifiedContent, verifiedPieces } from "./read-content.ts";
export type { ContentSource, StagedContent, StageLimits, Staging } from "./staging.ts";
export { Store } from "./store.ts";
export { createdAt, readVersionFile, type VersionRecord } from "./version-record.ts";
export {
  findWorkspace,
  type WorkspaceRecord,
} from "./workspace-record.ts";

// The SDK's face; see workspace.ts first.

export type {
  Change,
  CompactOptions,
  CompactResult,
  ContentSource,
  DeleteAllOptions,
  DeletedCollection,
  DeleteOptions,
  DeleteResult,
  GcOptions,
  GcResult,
  GetResult,
  GrepMatch,
  GrepOptions,
  GrepResult,
  ListedArtifact,
  ListedVersion,
  ListOptions,
  PutOptions,
  PutResult,
  RenameOptions,
  RenameResult,
  VerifyOptions,
  VerifyResult,
  VersionChoice,
  VersionInfo,
  VersionsResult,
  WatchOptions,
} from "./artifacts.ts";
export type { WorkspaceStatus } from "./status.ts";
export { type ListenOptions, type OpenOptions, openWorkspace, Workspace } from "./workspace.ts";

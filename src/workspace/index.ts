// The SDK's face; see workspace.ts first.

export type {
  ContentSource,
  DeleteAllOptions,
  DeletedCollection,
  DeleteOptions,
  DeleteResult,
  GetResult,
  GrepMatch,
  GrepOptions,
  GrepResult,
  ListedArtifact,
  ListedVersion,
  ListOptions,
  PutOptions,
  PutResult,
  VerifyOptions,
  VerifyResult,
  VersionChoice,
  VersionInfo,
} from "./artifacts.ts";
export type { WorkspaceStatus } from "./status.ts";
export { type ListenOptions, type OpenOptions, openWorkspace, Workspace } from "./workspace.ts";

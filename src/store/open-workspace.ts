// Opening a workspace with the key of this copy, which signs what is saved in it.

import type { Identity } from "../entries/index.ts";
import { KeptIdentity } from "./kept-identity.ts";
import { type FoundWorkspace, requireWorkspace } from "./workspace-record.ts";

export interface OpenedWorkspace extends FoundWorkspace {
  /** Its fields throw `CORRUPT`, `NO_PERMISSION`. */
  readonly identity: Identity;
}

/** Opens the workspace in `folder`. Throws `NO_WORKSPACE`, `CORRUPT`, `FORMAT_TOO_NEW`. */
export function openWorkspaceRecord(folder: string): OpenedWorkspace {
  const found = requireWorkspace(folder);
  return { ...found, identity: new KeptIdentity(found.layout) };
}

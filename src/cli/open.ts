import { openWorkspaceRecord } from "../store/open-workspace.ts";
import { Workspace } from "../workspace/workspace.ts";
import type { Call } from "./call.ts";

/** The workspace that the command line is about. Throws `NO_WORKSPACE`: only `init`, `up` and `join` make one. */
export function openCalled(call: Call): Workspace {
  return new Workspace(openWorkspaceRecord(call.folder()), call.signal);
}

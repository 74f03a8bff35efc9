import { resolve } from "node:path";
import { openWorkspaceRecord } from "../store/workspace-record.ts";
import type { Call } from "./call.ts";

/** The data folder of the hub that a `hub token` command is about: `--data`, or the workspace's embedded hub. */
export function hubFolder(call: Call): string {
  const data = call.text("data");
  return data === undefined ? openWorkspaceRecord(call.folder()).layout.hub : resolve(call.cwd, data);
}

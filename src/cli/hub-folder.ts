import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { whyNotWritable } from "../errors.ts";
import { openWorkspaceRecord } from "../store/open-workspace.ts";
import type { Call } from "./call.ts";

/** The data folder of the hub that a `hub token` command is about: `--data`, or the workspace's embedded hub. Throws `READ_ONLY`,
 *  `NO_PERMISSION`. */
export function hubFolder(call: Call): string {
  const data = call.text("data");
  const folder = data === undefined ? openWorkspaceRecord(call.folder()).layout.hub : resolve(call.cwd, data);
  // SQLite has to write even to read, and a hub that cannot be opened would look like none.
  const refusal = existsSync(folder) ? whyNotWritable(folder) : undefined;
  if (refusal !== undefined) throw refusal;
  return folder;
}

// A hub's data does not belong where a workspace would take it for files: each append would be sent to the hub as a save,
// whose append is the next one.

import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { HoldfastError, shellWord } from "../errors.ts";
import { findWorkspace, HOLDFAST_DIR } from "../store/index.ts";

/** Throws `DATA_FOLDER_SYNCED` when `dir` is a workspace, or lies in one, other than in its `.holdfast`. */
export function refuseInWorkspace(dir: string): void {
  const real = realPath(resolve(dir));
  const workspace = findWorkspace(real);
  if (workspace === undefined || relative(workspace, real).split(sep)[0] === HOLDFAST_DIR) return;
  throw new HoldfastError(
    "DATA_FOLDER_SYNCED",
    `the hub's data folder ${dir} is in the workspace ${workspace}, whose files are synced`,
    {
      hint: `Name a folder outside of it with --data, or let \`holdfast up ${shellWord(workspace)}\` serve its own.`,
      details: { dir, workspace },
    },
  );
}

/** Without links, as far as there is anything. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPath(above), basename(path));
  }
}

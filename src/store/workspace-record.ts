// Finding and opening a workspace: `.holdfast/workspace.json`. make-workspace.ts makes them.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { HoldfastError, shellWord, systemCode, withPath } from "../errors.ts";
import { isFormat, requireFormat } from "./format.ts";
import { Layout } from "./layout.ts";

const FORMAT = 1;

/** `workspace.json`. The id is shared by all copies of a workspace. */
export interface WorkspaceRecord {
  readonly format: typeof FORMAT;
  readonly id: string;
  readonly name: string;
  /** This folder belongs to a hub elsewhere: without its hub-link.json it must not start one of its own. */
  readonly joined?: true;
}

export interface FoundWorkspace {
  readonly layout: Layout;
  readonly record: WorkspaceRecord;
}

/** The nearest folder at or above `start` that is a workspace, or was one and has lost its record; or undefined. */
export function findWorkspace(start: string): string | undefined {
  for (let dir = resolve(start); ; dir = dirname(dir)) {
    const layout = new Layout(dir);
    if (isFile(layout.workspaceFile) || holdsData(layout)) return dir;
    if (dirname(dir) === dir) return undefined;
  }
}

/** The workspace in `folder`, for whoever only reads in it. Throws `NO_WORKSPACE`, `CORRUPT`, `FORMAT_TOO_NEW`,
 *  `FORMAT_TOO_OLD`. */
export function requireWorkspace(folder: string): FoundWorkspace {
  const layout = new Layout(resolve(folder));
  const record = readRecord(layout.workspaceFile);
  if (record !== undefined) return { layout, record };
  if (holdsData(layout)) throw lostRecord(layout);
  throw new HoldfastError("NO_WORKSPACE", `${layout.folder} is not a workspace`, {
    hint: `Make it one with \`holdfast init ${shellWord(layout.folder)}\`, or \`holdfast up ${shellWord(layout.folder)}\`.`,
  });
}

/** True where versions, or a hub's data, lie, whatever the record says. */
export function holdsData(layout: Layout): boolean {
  try {
    return readdirSync(layout.data).length > 0 || existsSync(join(layout.hub, "hub.db"));
  } catch {
    return existsSync(join(layout.hub, "hub.db"));
  }
}

/** The error for a folder that holds versions and does not say of which workspace. */
export function lostRecord(layout: Layout): HoldfastError {
  return new HoldfastError(
    "CORRUPT",
    `${layout.workspaceFile} is missing, although versions are kept in ${layout.root}`,
    {
      hint:
        "If the folder was joined to a hub, join it again: `holdfast join INVITE FOLDER`. Otherwise put the file back: " +
        '`{"format":1,"id":"...","name":"..."}`, with the id that other copies have, or any where there are none. ' +
        `To start anew without the versions, move ${layout.root} away.`,
      details: { path: layout.workspaceFile },
    },
  );
}

export function formatRecord(record: Omit<WorkspaceRecord, "format">): string {
  const { id, name, joined } = record;
  return `${JSON.stringify({ format: FORMAT, id, name, ...(joined ? { joined } : {}) }, null, 2)}\n`;
}

/** Undefined when there is no such file. Throws `CORRUPT`, `FORMAT_TOO_NEW`, `FORMAT_TOO_OLD`. */
export function readRecord(path: string): WorkspaceRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw withPath(error, path);
  }
  let record: Partial<WorkspaceRecord> | undefined;
  try {
    record = JSON.parse(text) as Partial<WorkspaceRecord>;
  } catch {
    record = undefined;
  }
  // First: what else another format holds is not known here.
  if (isFormat(record?.format)) requireFormat(path, record.format, FORMAT);
  if (record?.format !== FORMAT || typeof record.id !== "string" || typeof record.name !== "string") {
    throw new HoldfastError("CORRUPT", `${path} is damaged`, {
      hint: 'Restore it from another copy of the workspace: `{"format":1,"id":...,"name":...}`.',
      details: { path },
    });
  }
  return { format: FORMAT, id: record.id, name: record.name, ...(record.joined === true ? { joined: true } : {}) };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // not here, or not to be looked at
  }
}

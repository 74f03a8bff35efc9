// Making and finding a workspace: `.holdfast/workspace.json` and `.holdfast/identity.json`.

import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Identity, newIdentity, readIdentity } from "../entries/index.ts";
import { HoldfastError, systemCode } from "../errors.ts";
import { fsyncPath } from "./durable.ts";
import { HOLDFAST_DIR, Layout } from "./layout.ts";

const FORMAT = 1;

/** `workspace.json`. The id is shared by all copies of a workspace. */
export interface WorkspaceRecord {
  readonly format: typeof FORMAT;
  readonly id: string;
  readonly name: string;
}

export interface OpenedWorkspace {
  readonly layout: Layout;
  readonly record: WorkspaceRecord;
  readonly identity: Identity;
}

/** The nearest folder at or above `start` that is a workspace, or undefined. */
export function findWorkspace(start: string): string | undefined {
  for (let dir = resolve(start); ; dir = dirname(dir)) {
    try {
      if (statSync(join(dir, HOLDFAST_DIR, "workspace.json")).isFile()) return dir;
    } catch {
      // Not here: look one folder up.
    }
    if (dirname(dir) === dir) return undefined;
  }
}

/** The key is read when it is first used: reading, and stopping a daemon, need none, and go on where it is damaged or
 *  may not be read. Its fields throw `CORRUPT`, `NO_PERMISSION`. */
class KeptIdentity implements Identity {
  private readonly layout: Layout;
  private known: Identity | undefined;
  constructor(layout: Layout) {
    this.layout = layout;
  }
  get author(): Identity["author"] {
    return this.kept().author;
  }
  get privateKey(): Identity["privateKey"] {
    return this.kept().privateKey;
  }
  private kept(): Identity {
    this.known ??= readIdentity(this.layout.identityFile) ?? createIdentity(this.layout);
    return this.known;
  }
}

/** Opens the workspace in `folder`. Throws `NO_WORKSPACE`, `CORRUPT`, `FORMAT_TOO_NEW`. */
export function openWorkspaceRecord(folder: string): OpenedWorkspace {
  const layout = new Layout(resolve(folder));
  const record = readRecord(layout.workspaceFile);
  if (record === undefined) {
    throw new HoldfastError("NO_WORKSPACE", `${layout.folder} is not a workspace`, {
      hint: `Make it one with \`holdfast init ${layout.folder}\`, or start it with \`holdfast up\`.`,
    });
  }
  return { layout, record, identity: new KeptIdentity(layout) };
}

/**
 * Makes `folder` a workspace, unless it is one: then it is opened as it is. `id` is given when it is to be a copy of
 * another. Throws `NOT_A_FOLDER`, `NESTED_WORKSPACE`, `READ_ONLY`, `NO_PERMISSION`.
 */
export function initWorkspaceRecord(
  folder: string,
  wanted: { id?: string; name?: string } = {},
): OpenedWorkspace & { created: boolean } {
  const layout = new Layout(resolve(folder));
  refuseOther(layout.folder);
  const above = findWorkspace(dirname(layout.folder));
  if (above !== undefined && readRecord(layout.workspaceFile) === undefined) {
    throw new HoldfastError("NESTED_WORKSPACE", `${layout.folder} is inside the workspace ${above}`, {
      hint: "Use a folder outside of it; a file cannot belong to two workspaces.",
    });
  }
  requireFolder(layout.folder);
  let created = false;
  if (readRecord(layout.workspaceFile) === undefined) {
    mkdirSync(layout.root, { recursive: true });
    const record: WorkspaceRecord = {
      format: FORMAT,
      id: wanted.id ?? randomUUID(),
      name: wanted.name ?? (layout.folder.split("/").at(-1) || "workspace"),
    };
    created = createFile(layout.workspaceFile, `${JSON.stringify(record, null, 2)}\n`, 0o666);
  }
  const opened = openWorkspaceRecord(layout.folder);
  if (wanted.id !== undefined && opened.record.id !== wanted.id) {
    throw new HoldfastError(
      "NESTED_WORKSPACE",
      `${layout.folder} already is a copy of another workspace, "${opened.record.name}"`,
      {
        hint: "Join from a folder that is not a workspace yet.",
      },
    );
  }
  // Made with the workspace, not at the first save: a copy of the folder is then a copy of the author, too.
  if (created) createIdentity(layout);
  return { ...opened, created };
}

/** Refuses a path that is something else than a folder; makes nothing. */
function refuseOther(folder: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there !== undefined && !there.isDirectory()) throw notAFolder(folder);
}

function requireFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    if (statSync(folder).isDirectory()) return;
  } catch (error) {
    const code = systemCode(error);
    if (code !== "EEXIST" && code !== "ENOTDIR") throw error;
  }
  throw notAFolder(folder);
}

function notAFolder(folder: string): HoldfastError {
  return new HoldfastError("NOT_A_FOLDER", `${folder} is not a folder`, {
    hint: "Name a folder; one that does not exist yet is made.",
  });
}

function createIdentity(layout: Layout): Identity {
  const { identity, file } = newIdentity();
  if (createFile(layout.identityFile, file, 0o600)) return identity;
  // Another process made one at the same time: there is one identity, and it is the one on disk.
  const theirs = readIdentity(layout.identityFile);
  if (theirs === undefined) throw new HoldfastError("CORRUPT", `${layout.identityFile} vanished while it was made`);
  return theirs;
}

/** Creates `path` whole, or leaves the one that is there: false. One link(2), so two creators cannot both win. */
function createFile(path: string, text: string, mode: number): boolean {
  const temporary = `${path}.${randomUUID()}`;
  writeFileSync(temporary, text, { mode, flag: "wx", flush: true });
  try {
    linkSync(temporary, path);
    fsyncPath(dirname(path));
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readRecord(path: string): WorkspaceRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  let record: Partial<WorkspaceRecord> | undefined;
  try {
    record = JSON.parse(text) as Partial<WorkspaceRecord>;
  } catch {
    record = undefined;
  }
  if (typeof record?.format !== "number" || typeof record.id !== "string" || typeof record.name !== "string") {
    throw new HoldfastError("CORRUPT", `${path} is damaged`, {
      hint: 'Restore it from another copy of the workspace: `{"format":1,"id":...,"name":...}`.',
      details: { path },
    });
  }
  if (record.format !== FORMAT) {
    throw new HoldfastError("FORMAT_TOO_NEW", `${path} has format ${record.format}; this program reads ${FORMAT}`, {
      hint: "Update Holdfast.",
    });
  }
  return { format: FORMAT, id: record.id, name: record.name };
}

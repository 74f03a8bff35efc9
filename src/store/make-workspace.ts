// Making a folder a workspace: all of it or nothing, once, and never in the place of one that has lost its record.

import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError, systemCode, withPath } from "../errors.ts";
import { createFile } from "./create-file.ts";
import { replaceFile } from "./durable.ts";
import { createIdentity } from "./kept-identity.ts";
import { HOLDFAST_DIR, Layout } from "./layout.ts";
import { type OpenedWorkspace, openWorkspaceRecord } from "./open-workspace.ts";
import { findWorkspace, formatRecord, holdsData, lostRecord, readRecord } from "./workspace-record.ts";

/** What a workspace is to be, when it is to be a copy of another. */
export interface WantedWorkspace {
  readonly id?: string;
  readonly name?: string;
  readonly joined?: true;
  /** The folder is known to be a copy of that one, so a record that was lost may be written anew. */
  readonly isKnownCopy?: boolean;
}

/**
 * Makes `folder` a workspace, unless it is one: then it is opened as it is. On failure nothing stays behind. Throws
 * `NOT_A_FOLDER`, `NESTED_WORKSPACE`, `READ_ONLY`, `NO_PERMISSION`, `DISK_FULL`; `CORRUPT` when versions lie there and
 * the record of what they belong to is gone.
 */
export function initWorkspaceRecord(
  folder: string,
  wanted: WantedWorkspace = {},
): OpenedWorkspace & { created: boolean } {
  const layout = new Layout(resolve(folder));
  refuseNoFolder(layout.folder);
  refuseInside(layout.folder);
  const known = readRecord(layout.workspaceFile);
  if (known === undefined) {
    const above = findWorkspace(dirname(layout.folder));
    if (above !== undefined) {
      throw new HoldfastError("NESTED_WORKSPACE", `${layout.folder} is inside the workspace ${above}`, {
        hint: "Use a folder outside of it; a file cannot belong to two workspaces.",
      });
    }
    if (holdsData(layout) && wanted.isKnownCopy !== true) throw lostRecord(layout);
  }
  const created = known === undefined && makeWorkspace(layout, wanted);
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
  if (wanted.joined === undefined || opened.record.joined) return { ...opened, created };
  const record = { ...opened.record, joined: wanted.joined };
  replaceFile(layout.workspaceFile, formatRecord(record));
  return { ...opened, record, created };
}

/** Takes back what `initWorkspaceRecord` has just made, as far as nothing else lies there by now. */
export function unmakeWorkspace(layout: Layout): void {
  try {
    rmSync(layout.workspaceFile, { force: true });
    rmSync(layout.identityFile, { force: true });
    for (const name of readdirSync(layout.root)) {
      // What a full disk kept from being renamed into place.
      if (name.startsWith(`.tmp-${process.pid}-`)) rmSync(join(layout.root, name), { force: true });
    }
    rmdirSync(layout.root);
  } catch {
    // Somebody has begun to use it: what is there stays.
  }
}

/** Makes folder, key and record, or nothing of it. False when another process was first. */
function makeWorkspace(layout: Layout, wanted: WantedWorkspace): boolean {
  const made = makeFolder(layout.folder);
  try {
    mkdirSync(layout.root, { recursive: true });
    // The key comes before the record, by which others see that this is a workspace.
    createIdentity(layout);
    const record = formatRecord({
      id: wanted.id ?? randomUUID(),
      name: wanted.name ?? (basename(layout.folder) || "workspace"),
      ...(wanted.joined === undefined ? {} : { joined: wanted.joined }),
    });
    return createFile(layout.workspaceFile, record, 0o666);
  } catch (error) {
    if (!existsSync(layout.workspaceFile)) {
      if (!holdsData(layout)) unmakeWorkspace(layout);
      removeMade(layout.folder, made);
    }
    throw withPath(error, layout.root);
  }
}

/** Refuses a path that is, or goes through, something else than a folder; makes nothing. */
export function refuseNoFolder(folder: string): void {
  let there = folder;
  while (statSync(there, { throwIfNoEntry: false }) === undefined && dirname(there) !== there) {
    // A link that leads nowhere is no folder, and none can be made in its place.
    if (lstatSync(there, { throwIfNoEntry: false }) !== undefined) throw notAFolder(folder);
    there = dirname(there);
  }
  if (!statSync(there).isDirectory()) throw notAFolder(folder);
}

/** Makes the folder, and those above it. Returns the topmost that was made, if any. */
function makeFolder(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true });
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST" || code === "ENOTDIR") throw notAFolder(folder);
    throw withPath(error, folder);
  }
}

/** `.holdfast` holds a workspace, or will: what is saved in it is never looked at. */
function refuseInside(folder: string): void {
  if (!folder.split(sep).includes(HOLDFAST_DIR)) return;
  throw new HoldfastError("NESTED_WORKSPACE", `${folder} is inside ${HOLDFAST_DIR}, which holds a workspace itself`, {
    hint: "Use the folder that it is in, or one outside of it.",
  });
}

/** Removes the folders from `folder` up to `topmost`, as far as they are empty. */
function removeMade(folder: string, topmost: string | undefined): void {
  if (topmost === undefined) return;
  try {
    for (let dir = folder; dir.length >= topmost.length; dir = dirname(dir)) rmdirSync(dir);
  } catch {
    // Not empty: it is somebody's.
  }
}

function notAFolder(folder: string): HoldfastError {
  return new HoldfastError("NOT_A_FOLDER", `${folder} is not a folder`, {
    hint: "Name a folder; one that does not exist yet is made.",
  });
}

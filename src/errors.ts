// Every error that Holdfast raises on purpose, in one place.
//
// An error has a stable `code` (programs match on it), a message that says what happened and to what, and a hint that
// says what to do next. `docs/errors.md` lists the codes; `errors.test.ts` keeps that page and this file in step.

import { accessSync, closeSync, constants, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";

/** What went wrong, as a stable word. A code is never renamed and never changes its meaning. */
export type ErrorCode =
  | "ALREADY_UP"
  | "BAD_ADDRESS"
  | "BAD_ANNOUNCEMENT"
  | "BAD_ENTRY"
  | "BAD_INVITE"
  | "BAD_MESSAGE"
  | "BAD_NAME"
  | "BAD_OPTION"
  | "BAD_REQUEST"
  | "BAD_SIGNATURE"
  | "COMMAND_FAILED"
  | "CONTENT_MISSING"
  | "CORRUPT"
  | "DATA_FOLDER_IN_USE"
  | "DATA_FOLDER_SYNCED"
  | "DISK_ERROR"
  | "DISK_FULL"
  | "EPOCH_CHANGED"
  | "FOLDER_GONE"
  | "FORMAT_TOO_NEW"
  | "FORMAT_TOO_OLD"
  | "HUB_ERROR"
  | "HUB_UNREACHABLE"
  | "INTERNAL"
  | "INTERRUPTED"
  | "LISTENER_TOO_SLOW"
  | "LOCK_LOST"
  | "LOCK_NOT_PASSED"
  | "LOCK_REENTERED"
  | "LOCK_TIMEOUT"
  | "NESTED_WORKSPACE"
  | "NOT_A_FOLDER"
  | "NOT_AUTHOR"
  | "NOT_FOUND"
  | "NOT_JOINED"
  | "NOT_OWNER"
  | "NOT_UP"
  | "NO_PERMISSION"
  | "NO_WORKSPACE"
  | "PATH_TAKEN"
  | "PEER_REFUSED"
  | "PEER_TIMEOUT"
  | "PEER_UNREACHABLE"
  | "PORT_IN_USE"
  | "RACE_VIOLATED"
  | "RATE_LIMITED"
  | "READ_ONLY"
  | "SCENARIO"
  | "STALE_BASE"
  | "SYNC_RUNNING"
  | "TLS_REQUIRED"
  | "TOO_LARGE"
  | "TOO_MANY_OPEN_FILES"
  | "UNAUTHORIZED"
  | "USAGE"
  | "VERIFY_FAILED";

export interface ErrorDetail {
  /** What the reader can do next, one sentence. */
  readonly hint?: string;
  /** Facts for programs: paths, ids, numbers. JSON values only. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class of Holdfast; `code` says which error it is. */
export class HoldfastError extends Error {
  override readonly name: string = "HoldfastError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
    this.details = detail.details;
  }
}

/** Asked for an artifact or a version that is not there (`code: "NOT_FOUND"`). */
export class NotFoundError extends HoldfastError {
  override readonly name: string = "NotFoundError";
  constructor(message: string, detail: ErrorDetail = {}) {
    super("NOT_FOUND", message, detail);
  }
}

/** True for a `HoldfastError`, narrowed to one code when `code` is given. */
export function isHoldfastError(error: unknown, code?: ErrorCode): error is HoldfastError {
  return error instanceof HoldfastError && (code === undefined || error.code === code);
}

/** The `code` of a Node system error (`ENOENT`, `EEXIST`, ...), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return undefined;
}

const SYSTEM_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ["DISK_FULL", "Free some space and run the command again; nothing was lost."],
  EDQUOT: ["DISK_FULL", "The quota is used up; free some space and run the command again; nothing was lost."],
  EROFS: ["READ_ONLY", "The file system is mounted read-only; use a folder that can be written."],
  EACCES: ["NO_PERMISSION", "Give this user permission to the path, then run the command again."],
  EPERM: ["NO_PERMISSION", "Give this user permission to the path, then run the command again."],
  EMFILE: ["TOO_MANY_OPEN_FILES", "Raise the limit (`ulimit -n`), then run the command again; nothing was lost."],
  ENFILE: ["TOO_MANY_OPEN_FILES", "The machine has no file handles left; close programs and run the command again."],
  EIO: ["DISK_ERROR", "Check the disk and its connection; what was acknowledged before is as safe as the disk is."],
  ENOTDIR: ["NOT_A_FOLDER", "Something on the way to the path is no folder; check the path."],
  ELOOP: ["NOT_A_FOLDER", "Symbolic links on the way to the path lead in a circle; check the path."],
  EISDIR: ["CORRUPT", "A folder is where a file should be; move it away."],
  ENAMETOOLONG: ["BAD_NAME", "The file system takes no path that long; use a shorter one."],
};

/**
 * Any thrown value as a `HoldfastError`: failures of the system and of SQLite that a person can cure get a code of their
 * own (full disk, read-only disk, no permission, too many open files, ...); all others become `INTERNAL` with the
 * original as `cause`. `path` is the file that was being used, for errors that do not say it: SQLite's.
 */
export function toHoldfastError(error: unknown, path?: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const cause = causeOf(error, path);
  const known = systemError(cause) ?? sqliteError(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  const named = path === undefined || said.includes(path) || (cause instanceof Error && "path" in cause);
  const message = named ? said : `${path}: ${said}`;
  const details = path === undefined ? {} : { details: { path } };
  if (known !== undefined) return new HoldfastError(known[0], message, { hint: known[1], cause: error, ...details });
  return new HoldfastError("INTERNAL", message, {
    hint: "This is a defect in Holdfast; please report it with the message above.",
    cause: error,
    ...details,
  });
}

/** A failure of the system or of SQLite that a person can cure, as `toHoldfastError` has it; any other value as it is. */
export function withPath(error: unknown, path: string): unknown {
  if (sqliteCode(error) === undefined && systemError(causeOf(error, path)) === undefined) return error;
  return toHoldfastError(error, path);
}

function systemError(error: unknown): readonly [ErrorCode, string] | undefined {
  const code = systemCode(error);
  // Other calls that find a name taken have lost a race, which is theirs to handle.
  if (code === "EEXIST" && isMkdir(error)) {
    return ["NOT_A_FOLDER", "Something that is no folder is where one should be; move it away."];
  }
  return SYSTEM_ERRORS[code ?? ""];
}

function isMkdir(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "mkdir";
}

/** Why nothing can be written in `folder`, or in the nearest one above it that exists; undefined where it can. */
export function whyNotWritable(folder: string): HoldfastError | undefined {
  const refusal = refusalAt(folder);
  return refusal === undefined ? undefined : toHoldfastError(refusal);
}

function refusalAt(folder: string): unknown {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    accessSync(there, constants.W_OK);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Failures of which the system tells less than it knows are looked into; all others are their own cause. */
function causeOf(error: unknown, path: string | undefined): unknown {
  const code = systemCode(error);
  // `mkdir -p` on a read-only disk: Node says that the folder is not there, not why it cannot be made.
  if (code === "ENOENT" && isMkdir(error) && error instanceof Error && "path" in error) {
    return (typeof error.path === "string" ? refusalAt(error.path) : undefined) ?? error;
  }
  const sqlite = sqliteCode(error);
  if (path === undefined || (sqlite !== SQLITE_CANTOPEN && (sqlite ?? 0) % 256 !== SQLITE_READONLY)) return error;
  // SQLite says neither what it could not open nor why: the file itself, or one that it keeps beside it.
  return refusalAt(dirname(path)) ?? openingError(path) ?? error;
}

/** The file, what SQLite keeps beside it, and one to spare: as many are opened here, to meet a limit that it met. */
const FILES_OF_A_DATABASE = 5;

function openingError(path: string): unknown {
  const opened: number[] = [];
  try {
    while (opened.length < FILES_OF_A_DATABASE) opened.push(openSync(path, "r+"));
    return undefined;
  } catch (error) {
    return systemCode(error) === "ENOENT" ? undefined : error;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;

/** Extended codes of SQLite before the primary ones that they are kinds of. */
const SQLITE_ERRORS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  5: [
    "LOCK_TIMEOUT",
    "Another process writes to this database for very long; wait for it, then run the command again.",
  ],
  [SQLITE_READONLY]: ["READ_ONLY", "The file, or its folder, cannot be written; use one that can."],
  10: ["DISK_ERROR", "Check the disk and its connection; what was acknowledged before is as safe as the disk is."],
  11: ["CORRUPT", "The database is damaged: move it away and run the command again; it is made anew."],
  13: ["DISK_FULL", "Free some space and run the command again; nothing was lost."],
  [SQLITE_CANTOPEN]: ["NO_PERMISSION", "Check that the file and its folder are there and may be written by this user."],
  26: ["CORRUPT", "The file is no database: move it away and run the command again; it is made anew."],
  // A write (778) and the growing of the shared memory (4874) that failed: what a full disk looks like to SQLite.
  778: ["DISK_FULL", "Free some space and run the command again; nothing was lost."],
  4874: ["DISK_FULL", "Free some space and run the command again; nothing was lost."],
  // The open file was removed or moved.
  1032: ["FOLDER_GONE", "Put the workspace's folder back, and run the command again."],
};

function sqliteError(error: unknown): readonly [ErrorCode, string] | undefined {
  const code = sqliteCode(error);
  return code === undefined ? undefined : (SQLITE_ERRORS[code] ?? SQLITE_ERRORS[code % 256]);
}

/** The extended error code of a failure of SQLite. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return Number(error.errcode);
}

/** `text` as one word of a command line, for hints that name a command. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Stops the program's current work when an invariant does not hold; stays on in production. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new HoldfastError("INTERNAL", `invariant broken: ${invariant}`);
}

// Every error that Holdfast raises on purpose, in one place.
//
// An error has a stable `code` (programs match on it), a message that says what happened and to what, and a hint that
// says what to do next. `docs/errors.md` lists the codes; `errors.test.ts` keeps that page and this file in step.

/** What went wrong, as a stable word. A code is never renamed and never changes its meaning. */
export type ErrorCode =
  | "ALREADY_UP"
  | "BAD_ENTRY"
  | "BAD_INVITE"
  | "BAD_NAME"
  | "BAD_OPTION"
  | "BAD_REQUEST"
  | "BAD_SIGNATURE"
  | "CONTENT_MISSING"
  | "CORRUPT"
  | "DATA_FOLDER_IN_USE"
  | "DISK_FULL"
  | "EPOCH_CHANGED"
  | "FOLDER_GONE"
  | "FORMAT_TOO_NEW"
  | "HUB_ERROR"
  | "HUB_UNREACHABLE"
  | "INTERNAL"
  | "INTERRUPTED"
  | "LISTENER_TOO_SLOW"
  | "LOCK_LOST"
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
  | "PORT_IN_USE"
  | "RATE_LIMITED"
  | "READ_ONLY"
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
};

/**
 * Any thrown value as a `HoldfastError`: system errors that a person can cure get a code of their own (full disk,
 * read-only disk, no permission, too many open files); all others become `INTERNAL` with the original as `cause`.
 */
export function toHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const known = SYSTEM_ERRORS[sqliteCause(error) ?? systemCode(error) ?? ""];
  const message = error instanceof Error ? error.message : String(error);
  if (known !== undefined) return new HoldfastError(known[0], message, { hint: known[1], cause: error });
  return new HoldfastError("INTERNAL", message, {
    hint: "This is a defect in Holdfast; please report it with the message above.",
    cause: error,
  });
}

/** What a failure of SQLite comes from, as the system error that it is: SQLITE_READONLY is 8, SQLITE_FULL 13. */
function sqliteCause(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  const primary = Number(error.errcode) & 0xff;
  return primary === 13 ? "ENOSPC" : primary === 8 ? "EROFS" : undefined;
}

/** Stops the program's current work when an invariant does not hold; stays on in production. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new HoldfastError("INTERNAL", `invariant broken: ${invariant}`);
}

// The errors of `fs.cp` that Node itself finds, before the system does.

import { coded, systemError } from "./node-error.ts";
import type { Form } from "./whole-files.ts";

const KINDS = {
  ERR_FS_CP_DIR_TO_NON_DIR: ["EISDIR", "Cannot overwrite non-directory with directory"],
  ERR_FS_CP_EEXIST: ["EEXIST", "Target already exists"],
  ERR_FS_CP_EINVAL: ["EINVAL", "Invalid src or dest"],
  ERR_FS_CP_FIFO_PIPE: ["EINVAL", "Cannot copy a FIFO pipe"],
  ERR_FS_CP_NON_DIR_TO_DIR: ["ENOTDIR", "Cannot overwrite directory with non-directory"],
  ERR_FS_CP_SOCKET: ["EINVAL", "Cannot copy a socket file"],
  ERR_FS_CP_SYMLINK_TO_SUBDIRECTORY: ["EINVAL", "Cannot overwrite symlink in subdirectory of self"],
  ERR_FS_CP_UNKNOWN: ["EINVAL", "Cannot copy an unknown file type"],
  ERR_FS_EISDIR: ["EISDIR", "Path is a directory"],
} as const;

export type CopyErrorKey = keyof typeof KINDS;

/** As the promise and callback forms tell it. */
export function copyError(key: CopyErrorKey, message: string, path: string): Error {
  const [code, prefix] = KINDS[key];
  return systemError(key, prefix, { code, message, path, syscall: "cp" });
}

/** As told by the form: what `cpSync` checks first, it checks in C++, in fewer words. */
export function checkError(form: Form, key: CopyErrorKey, message: string, path: string): Error {
  if (form !== "sync") return copyError(key, message, path);
  const said = message === "src and dest cannot be the same" ? `${message} ${path}` : message.replace(/^c/, "C");
  return coded(Error, key, said);
}

export function directoryWithoutRecursive(form: Form, path: string): Error {
  if (form !== "sync") return copyError("ERR_FS_EISDIR", `${path} is a directory (not copied)`, path);
  return coded(Error, "ERR_FS_EISDIR", `Recursive option not enabled, cannot copy a directory: ${withSlash(path)}`);
}

/** C++ adds it to a directory before it looks on. */
export function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

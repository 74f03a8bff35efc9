// Inside data/ nothing is a symbolic link: the store makes none, and follows none out of it (STORE-28). One that was planted
// there is damage, told with its path; removing the link is the cure.

import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { HoldfastError } from "../errors.ts";

/** Opens for reading what is no link, and fails with `ELOOP` where a link is. */
export const READ_NO_LINK: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** True when something is at `path`. Throws `CORRUPT` with the path when that is a symbolic link. */
export function existsUnlinked(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isSymbolicLink() === true) throw linkFound(path);
  return status !== undefined;
}

/** Throws `CORRUPT` with the path of the first of `paths` that is a symbolic link. What is not there is none. */
export function refuseLinks(...paths: readonly string[]): void {
  for (const path of paths) existsUnlinked(path);
}

// Node takes a number, too; only its types do not say so.
const NO_LINK = { flag: READ_NO_LINK as unknown as string };

/** The file's bytes; `ELOOP` where it is a link. */
export function readUnlinked(path: string): Buffer {
  return readFileSync(path, NO_LINK);
}

/** The same, unless it is more than `mostBytes`. */
export function readUnlinkedUpTo(path: string, mostBytes: number): Buffer | undefined {
  const fd = openSync(path, READ_NO_LINK);
  try {
    return fstatSync(fd).size > mostBytes ? undefined : readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The file's text; `ELOOP` where it is a link. */
export function readTextUnlinked(path: string): string {
  return readFileSync(path, { encoding: "utf8", ...NO_LINK });
}

export function linkFound(path: string): HoldfastError {
  return new HoldfastError("CORRUPT", `${path} is damaged: it is a symbolic link, and none belongs there`, {
    hint: "It was not followed. Remove the link, or put what it replaced back from a backup.",
    details: { path },
  });
}

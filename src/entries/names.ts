// The rules of names: what a collection, an artifact or a topic may be called (STORE-27).

import { HoldfastError } from "../errors.ts";

/** Bytes of UTF-8 in a name at the most. */
export const MAX_NAME_BYTES = 1_024;

/** The collection of a folder's files; an artifact's name is the file's path in the folder, with `/`. */
export const FILES = "files";
/** The collection that `data` commands use when none is named. */
export const DEFAULT_COLLECTION = "data";

/** The collection of a topic's notes. Throws `BAD_NAME`. */
export function notesOf(topic: string): string {
  checkName("topic", topic);
  return `notes/${topic}`;
}

/** The topic whose notes `collection` holds, or undefined for another collection. */
export function topicOf(collection: string): string | undefined {
  return collection.startsWith("notes/") ? collection.slice("notes/".length) : undefined;
}

/** Throws `BAD_NAME` unless `collection` may name a collection. */
export function checkCollection(collection: string): void {
  checkName("collection", collection);
  if (topicOf(collection) === undefined) refuseLatest("collection", collection);
}

/** Throws `BAD_NAME` unless `name` may name an artifact of `collection`. A folder may well hold a file called
 *  `latest`, so the reserved word is refused everywhere but in a folder's own collection. */
export function checkArtifactName(collection: string, name: string): void {
  checkName("name", name);
  if (collection === FILES && isOurs(name)) throw bad("name", name, "`.holdfast` holds a workspace itself");
  if (collection !== FILES && topicOf(collection) === undefined) refuseLatest("name", name);
}

/** True for a path in the folder of a workspace's own state, of whichever workspace: it holds keys and tokens. On some
 *  systems names that differ by case are one. */
export function isOurs(path: string): boolean {
  return path.split("/").some((segment) => segment.toLowerCase() === ".holdfast");
}

function refuseLatest(what: string, name: string): void {
  if (name.split("/").some((segment) => segment.toLowerCase() === "latest")) {
    throw bad(what, name, "`latest` is reserved", ", without the word `latest`");
  }
}

function checkName(what: string, name: string): void {
  if (name === "") throw bad(what, name, "it is empty");
  if (!name.isWellFormed()) throw bad(what, name, "it is not well-formed Unicode");
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw bad(what, name, `it is longer than ${MAX_NAME_BYTES} bytes`);
  if (name.includes("\0")) throw bad(what, name, "it contains NUL");
  if (name.startsWith("/") || /^[A-Za-z]:[\\/]/.test(name)) throw bad(what, name, "it is an absolute path");
  for (const segment of name.split("/")) {
    if (segment === "") throw bad(what, name, "it has an empty segment");
    if (segment === "." || segment === "..") throw bad(what, name, `it has the segment \`${segment}\``);
  }
}

function bad(what: string, name: string, why: string, also = ""): HoldfastError {
  const shown = name.length > 80 ? `${name.slice(0, 80)}...` : name;
  return new HoldfastError("BAD_NAME", `the ${what} ${JSON.stringify(shown)} is refused: ${why}`, {
    hint: `Use a relative name of at most ${MAX_NAME_BYTES} bytes, without \`..\` and NUL${also}.`,
  });
}

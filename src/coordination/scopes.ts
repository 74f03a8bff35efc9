// How the locks of one store are called, and where they lie.

import { createHash } from "node:crypto";
import { join } from "node:path";

/** The lock of whole-store work. */
export const STRUCTURAL = "structural";

/** Scopes with a meaning of their own; a collection of such a name is locked under `collection:NAME`. */
const RESERVED_SCOPES: ReadonlySet<string> = new Set([
  STRUCTURAL,
  "sync",
  "daemon",
  "up",
  "hub",
  "catalog",
  "format",
  "peers",
  "peering",
]);
const COLLECTION = "collection:";
const LONGEST_FILE_NAME = 200;

/** The scope under which writers of `collection` exclude each other. */
export function scopeOfCollection(collection: string): string {
  return RESERVED_SCOPES.has(collection) || collection.startsWith(COLLECTION) ? COLLECTION + collection : collection;
}

/** The collection whose writers exclude each other under `scope`; undefined for a scope with a meaning of its own. */
export function collectionOfScope(scope: string): string | undefined {
  if (RESERVED_SCOPES.has(scope)) return undefined;
  return scope.startsWith(COLLECTION) ? scope.slice(COLLECTION.length) : scope;
}

/** The directory of the lock of `scope`: percent-encoded; over-long scopes stand under their hash. */
export function lockPath(locksDir: string, scope: string): string {
  const encoded = encodeURIComponent(scope).replace(/^\.+/, (dots) => "%2E".repeat(dots.length));
  if (encoded.length <= LONGEST_FILE_NAME) return join(locksDir, encoded);
  return join(locksDir, `~${createHash("sha256").update(scope).digest("hex")}`);
}

/** Locks of the store that guard no collection share its directory; a drain must not wait for a running sync. */
export function scopeIsCollection(path: string): boolean {
  return !RESERVED_SCOPES.has(path.slice(path.lastIndexOf("/") + 1));
}

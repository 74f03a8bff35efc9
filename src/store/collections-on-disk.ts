// Which collections and artifacts have a directory. What is linked there is none of them (STORE-28).

import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { decodeName, encodeName, isHashedName, type Layout } from "./layout.ts";
import { readTextUnlinked } from "./no-links.ts";

/** Every collection that has a directory. */
export function collectionsOnDisk(layout: Layout): string[] {
  return foldersIn(layout.data)
    .map(decodeName)
    .filter((name) => name !== undefined);
}

/** Every artifact of a collection that has a directory. */
export function artifactsOnDisk(layout: Layout, collection: string): string[] {
  const dir = layout.collectionDir(collection);
  const names: string[] = [];
  for (const fileName of foldersIn(dir)) {
    const name = isHashedName(fileName) ? readName(dir, fileName) : decodeName(fileName);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Every artifact of a collection in whose place a link was planted. */
export function linkedArtifacts(layout: Layout, collection: string): string[] {
  return entriesOf(layout.collectionDir(collection))
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => decodeName(entry.name))
    .filter((name) => name !== undefined);
}

/** The name that the directory `fileName` says it has, if that is the one it is a hash of. */
export function readName(dir: string, fileName: string): string | undefined {
  try {
    const name = readTextUnlinked(join(dir, fileName, "name"));
    return encodeName(name) === fileName ? name : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "EISDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

function foldersIn(dir: string): string[] {
  return entriesOf(dir)
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** Empty where the directory is not there. */
export function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

// Which collections and artifacts have a directory.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { decodeName, isHashedName, type Layout } from "./layout.ts";

/** Every collection that has a directory. */
export function collectionsOnDisk(layout: Layout): string[] {
  return namesIn(layout.data)
    .map(decodeName)
    .filter((name) => name !== undefined);
}

/** Every artifact of a collection that has a directory. */
export function artifactsOnDisk(layout: Layout, collection: string): string[] {
  const dir = layout.collectionDir(collection);
  const names: string[] = [];
  for (const fileName of namesIn(dir)) {
    const name = isHashedName(fileName) ? readName(join(dir, fileName, "name")) : decodeName(fileName);
    if (name !== undefined) names.push(name);
  }
  return names;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function readName(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

// What the nearest package.json says of the files below it.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export type PackageType = "module" | "commonjs" | "none";

export class PackageScopes {
  readonly #types = new Map<string, PackageType>();

  typeOf(file: string): PackageType {
    return this.#typeOfFolder(dirname(file));
  }

  #typeOfFolder(folder: string): PackageType {
    let type = this.#types.get(folder);
    if (type === undefined) {
      const parent = dirname(folder);
      // As in Node: a scope ends at a node_modules folder.
      type = readType(folder) ?? (parent === folder || folder.endsWith("node_modules") ? "none" : undefined);
      type ??= this.#typeOfFolder(parent);
      this.#types.set(folder, type);
    }
    return type;
  }
}

function readType(folder: string): PackageType | undefined {
  const record = readPackage(folder);
  if (record === undefined) return undefined;
  return record.type === "module" || record.type === "commonjs" ? record.type : "none";
}

interface PackageRecord {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly exports?: unknown;
}

function readPackage(folder: string): PackageRecord | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of this package, from the sources as from what is published. */
export const OWN_FOLDER = ownFolder();

function ownFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Where `holdfast/explorer` is: a scenario that imports it by its path must get the same. */
export const OWN_EXPLORER = ownExplorer();

function ownExplorer(): string | undefined {
  const exported = readPackage(OWN_FOLDER)?.exports;
  if (typeof exported !== "object" || exported === null) return undefined;
  let target: unknown = (exported as Record<string, unknown>)["./explorer"];
  if (typeof target === "object" && target !== null) target = (target as Record<string, unknown>).default;
  return typeof target === "string" ? join(OWN_FOLDER, target) : undefined;
}

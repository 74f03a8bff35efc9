// The trash: where what is deleted goes by rename, before it is removed for good.
//
// All of an artifact goes by one rename of its directory, and a rename takes what is there at that moment. Whoever had its
// lock taken away just before (it slept past its lease, or somebody forced it) takes along what others have saved since.
// That no check before can prevent; so nothing is removed from the trash that no delete names: it is put back, by whoever
// moved it here, or by the next comer when that one died.

import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownerToken } from "../coordination/index.ts";
import { systemCode } from "../errors.ts";
import { listVersionDirs } from "./artifact-on-disk.ts";
import type { ArtifactKey } from "./catalog.ts";
import { readDeletedIfSound } from "./deleted-file.ts";
import { fsyncPath, replaceFile } from "./durable.ts";
import { encodeName, isHashedName, type Layout } from "./layout.ts";
import { sweepDead } from "./staging.ts";

/** A place in the trash that is not there yet, for a directory or, once it is made, for several. */
export function placeInTrash(layout: Layout): string {
  mkdirSync(layout.trash, { recursive: true });
  return join(layout.trash, `${ownerToken()}_${randomUUID()}`);
}

/** Puts back the versions in `artifactDir`, an artifact's directory in the trash, that are not `going`. guard: put-back */
export function putBackOthers(layout: Layout, artifactDir: string, going: ReadonlySet<number>): void {
  for (const version of listVersionDirs(artifactDir)) {
    if (!going.has(version)) putBackUnlessNamed(layout, join(artifactDir, String(version)));
  }
}

/** Removes what dead processes left in the trash, and puts back what no delete names. */
export function sweepTrash(layout: Layout): void {
  sweepDead(layout.trash, (place) => {
    for (const below of [place, ...namesIn(place).map((inside) => join(place, inside))]) {
      putBackOthers(layout, below, new Set());
    }
  });
}

function putBackUnlessNamed(layout: Layout, versionDir: string): void {
  const of = whose(versionDir);
  if (of === undefined) return;
  const { collection, name, version } = of;
  const { deletions } = readDeletedIfSound(layout, collection, name);
  if (deletions.some(({ versions }) => versions.includes(version))) return;
  const target = layout.versionDir(collection, name, version);
  const artifactDir = dirname(target);
  mkdirSync(artifactDir, { recursive: true });
  if (isHashedName(encodeName(name))) writeFileSync(join(artifactDir, "name"), name);
  try {
    renameSync(versionDir, target);
  } catch (error) {
    // Another has put it back.
    if (!["EEXIST", "ENOTEMPTY", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
  }
  replaceFile(join(artifactDir, "latest"), String(listVersionDirs(artifactDir).at(-1) ?? version), { durable: false });
  // Before anything is removed here: the name must not be lost with the power when the content already is.
  fsyncPath(artifactDir);
  fsyncPath(layout.collectionDir(collection));
}

/** Undefined for what is no version, or can be read as one no more. */
function whose(versionDir: string): (ArtifactKey & { readonly version: number }) | undefined {
  try {
    const { collection, name, version } = JSON.parse(readFileSync(join(versionDir, "version.json"), "utf8"));
    const isSound = typeof collection === "string" && typeof name === "string" && Number.isSafeInteger(version);
    return isSound ? { collection, name, version } : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

// What a rename does after its one step that counts (see rename-artifact.ts): by whoever made it, or by whoever comes next.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { versionsAmong } from "./artifact-on-disk.ts";
import { carryContents } from "./carried-contents.ts";
import type { ArtifactKey, Catalog } from "./catalog.ts";
import { addDeletions } from "./deleted-file.ts";
import { type Deletion, type DeletionJson, fromJson, toJson } from "./deletion.ts";
import { fsyncPath } from "./durable.ts";
import type { Layout } from "./layout.ts";
import { removeVersions } from "./remove-versions.ts";
import { becameOf, RENAMED_FROM, RENAMING, type RenamingMark, readMark } from "./rename-mark.ts";

/** What the new artifact was made from, and what is to be said of the old one. */
export interface RenamedFrom {
  /** The same as in the mark of the old one. */
  readonly id: string;
  readonly from: string;
  /** The greatest number that the old name gave. */
  readonly floor: number;
  readonly deletions: readonly Deletion[];
}

interface RenamedFromFile extends Omit<RenamedFrom, "deletions"> {
  readonly deletions: readonly DeletionJson[];
}

export function formatRenamedFrom(renamed: RenamedFrom): string {
  const file: RenamedFromFile = { ...renamed, deletions: renamed.deletions.map(toJson) };
  return `${JSON.stringify(file)}\n`;
}

/** Clears away what the artifact was before, or what it was before it became another one. The caller holds the collection's
 *  lock. */
export function finishRename(parts: { layout: Layout; catalog: Catalog }, key: ArtifactKey): void {
  const { layout } = parts;
  finishAt(parts, key);
  const became = becameOf(layout.artifactDir(key.collection, key.name));
  if (became !== undefined) finishAt(parts, { collection: key.collection, name: became.to });
}

function finishAt(parts: { layout: Layout; catalog: Catalog }, { collection, name }: ArtifactKey): void {
  const { layout } = parts;
  const newDir = layout.artifactDir(collection, name);
  const mark = readMark<RenamedFromFile>(join(newDir, RENAMED_FROM));
  if (mark === undefined) return;
  const old = { collection, name: mark.from };
  // What is known of the old name, above all which numbers it gave, is there before it could give another.
  addDeletions(layout, old, mark.floor, mark.deletions.map(fromJson));
  const oldDir = layout.artifactDir(collection, mark.from);
  // Something else may be at the old name by now.
  if (readMark<RenamingMark>(join(oldDir, RENAMING))?.id === mark.id) {
    const there = versionsAmong(readdirSync(oldDir));
    const renamed = there.filter((version) => version <= mark.floor);
    carryContents(parts, old, renamed);
    removeVersions(layout, old, renamed, there);
  }
  rmSync(join(newDir, RENAMED_FROM));
  fsyncPath(newDir);
}

// The parts of what was not flushed that leave different disks. n changes have 2^n parts, but most leave the same disk as
// another: what is in a directory that is lost is lost with it, and so is content that no name leads to.

import type { Journal, NameChange } from "./durability.ts";
import type { Directory, Inode } from "./inode.ts";
import { Names } from "./power-loss.ts";
import type { Tree } from "./tree.ts";

/** Of so many changes of names, each part is looked at. */
const MAX_NAME_CHANGES = 14;
/** The same disk comes up in run after run. */
const known = new Map<string, readonly (readonly number[])[] | undefined>();
const MAX_KNOWN = 2_000;

/** Ids of what is kept: one part for each disk that can be found, nothing lost first. Undefined when there are more than `most`. */
export function distinctLosses(tree: Tree, journal: Journal, most: number): readonly (readonly number[])[] | undefined {
  const signature = signatureOf(tree, journal);
  if (known.has(signature)) return known.get(signature);
  const losses = find(tree, journal, most);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(signature, losses);
  return losses;
}

function find(tree: Tree, journal: Journal, most: number): readonly (readonly number[])[] | undefined {
  // In an order that does not depend on which of two independent changes came first, so that a number means the same in both.
  const changes = journal.pendingNames().toSorted((a, b) => compare(keyOf(a), keyOf(b)) || a.id - b.id);
  if (changes.length > MAX_NAME_CHANGES) return undefined;
  const found: number[][] = [];
  const seen = new Set<string>();
  // From all that is kept down: of the parts that leave the same disk, the one that lost least is told.
  for (let mask = (1 << changes.length) - 1; mask >= 0; mask--) {
    const kept = changes.filter((_, at) => (mask & (1 << at)) !== 0);
    const names = new Names(tree, journal);
    for (const change of kept.toSorted((a, b) => a.id - b.id)) names.apply(change);
    const { picture, files } = reached(tree.root, names);
    if (seen.has(picture)) continue;
    seen.add(picture);
    const contents = files.flatMap((file) =>
      file.kind === "file" ? (journal.recordFor(file)?.changes.map(({ id }) => id) ?? []) : [],
    );
    if (contents.length > MAX_NAME_CHANGES || found.length + 2 ** contents.length > most) return undefined;
    for (let part = 2 ** contents.length - 1; part >= 0; part--) {
      const written = contents.filter((_, at) => (part & (1 << at)) !== 0);
      found.push([...kept.map(({ id }) => id), ...written].sort((a, b) => a - b));
    }
  }
  return found;
}

/** What lies under the root, each inode by its number. */
function reached(root: Directory, names: Names): { readonly picture: string; readonly files: readonly Inode[] } {
  const files = new Set<Inode>();
  const parts: string[] = [];
  // Bounded by the number of directories: none is in two places.
  const visit = (directory: Directory): void => {
    const below = [...names.of(directory)].sort(([a], [b]) => (a < b ? -1 : 1));
    parts.push(`${directory.ino}:${below.map(([name, { ino }]) => `${name}=${ino}`).join("/")}`);
    for (const [, inode] of below) {
      if (inode.kind === "directory") visit(inode);
      else files.add(inode);
    }
  };
  visit(root);
  return { picture: parts.join("\n"), files: [...files].sort((a, b) => a.ino - b.ino) };
}

function keyOf({ effects }: NameChange): string {
  return effects.map(({ directory, name, inode }) => `${directory.ino}/${name}=${inode?.ino ?? ""}`).join(" ");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The same for trees of the same names and inodes, of which the same was not flushed. */
function signatureOf(tree: Tree, journal: Journal): string {
  const parts: string[] = [];
  for (const inode of tree.inodes.values()) {
    if (inode.kind === "directory") {
      const names = [...journal.durableNamesOf(inode)].map(([name, { ino }]) => `${name}=${ino}`);
      parts.push(`${inode.ino}:${names.join("/")}`);
    } else if (inode.kind === "file") {
      const changes = journal.recordFor(inode)?.changes;
      if (changes !== undefined) parts.push(`${inode.ino}<${changes.map(({ id }) => id).join()}`);
    }
  }
  for (const change of journal.pendingNames()) parts.push(`${change.id} ${keyOf(change)}`);
  return parts.join("\n");
}

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
  const durable = Names.durable(tree, journal);
  const touched = durable.touchedBy(changes);
  const untouched = new Map<Directory, Listed>();
  const listed = (directory: Directory, names: Names): Listed => {
    if (touched.has(directory)) return list(directory, names);
    const known = untouched.get(directory) ?? list(directory, names);
    untouched.set(directory, known);
    return known;
  };
  const found: number[][] = [];
  const seen = new Set<string>();
  // From all that is kept down: of the parts that leave the same disk, the one that lost least is told.
  for (let mask = (1 << changes.length) - 1; mask >= 0; mask--) {
    const kept = changes.filter((_, at) => (mask & (1 << at)) !== 0);
    const names = durable.fork(touched);
    for (const change of kept.toSorted((a, b) => a.id - b.id)) names.apply(change);
    const under = reached(tree.root, (directory) => listed(directory, names));
    if (seen.has(under.picture)) continue;
    seen.add(under.picture);
    const contents = under.files.flatMap((file) =>
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

/** What is in one directory, each inode by its number. */
interface Listed {
  readonly picture: string;
  readonly directories: readonly Directory[];
  readonly files: readonly Inode[];
}

function list(directory: Directory, names: Names): Listed {
  const below = [...names.of(directory)].sort(([a], [b]) => (a < b ? -1 : 1));
  const inodes = below.map(([, inode]) => inode);
  return {
    picture: `${directory.ino}:${below.map(([name, { ino }]) => `${name}=${ino}`).join("/")}`,
    directories: inodes.filter((inode) => inode.kind === "directory"),
    files: inodes.filter((inode) => inode.kind !== "directory"),
  };
}

/** What lies under the root. */
function reached(
  root: Directory,
  listed: (directory: Directory) => Listed,
): { readonly picture: string; readonly files: readonly Inode[] } {
  const parts: Listed[] = [];
  // Bounded by the number of directories: none is in two places.
  const visit = (directory: Directory): void => {
    const part = listed(directory);
    parts.push(part);
    for (const below of part.directories) visit(below);
  };
  visit(root);
  const picture = parts.map((part) => part.picture).join("\n");
  return {
    picture,
    get files() {
      return [...new Set(parts.flatMap((part) => part.files))].sort((a, b) => a.ino - b.ino);
    },
  };
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

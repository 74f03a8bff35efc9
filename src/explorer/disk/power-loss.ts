// The disk that is found after a power loss: what was durable, and some of what was not.

import type { Journal, NameChange } from "./durability.ts";
import type { Directory, Inode, RegularFile } from "./inode.ts";
import { copyOf, emptyTree, put } from "./seed.ts";
import type { Tree } from "./tree.ts";

interface Place {
  readonly directory: Directory;
  readonly name: string;
}

/** The names of each directory, while they are put together: at first those that are durable. */
export class Names {
  private readonly byDirectory: Map<Directory, Map<string, Inode>>;
  /** A directory has one place; files may have many. */
  private readonly places: Map<Directory, Place>;

  private constructor(byDirectory: Map<Directory, Map<string, Inode>>, places: Map<Directory, Place>) {
    this.byDirectory = byDirectory;
    this.places = places;
  }

  static durable(tree: Tree, journal: Journal): Names {
    const all = new Names(new Map(), new Map());
    for (const inode of tree.inodes.values()) {
      if (inode.kind !== "directory") continue;
      const names = journal.durableNamesOf(inode);
      all.byDirectory.set(inode, names);
      for (const [name, named] of names)
        if (named.kind === "directory") all.places.set(named, { directory: inode, name });
    }
    return all;
  }

  /** The same, of which the names of `directories` can be changed; those of all others are shared. */
  fork(directories: Iterable<Directory>): Names {
    const byDirectory = new Map(this.byDirectory);
    for (const directory of directories) byDirectory.set(directory, new Map(this.of(directory)));
    return new Names(byDirectory, new Map(this.places));
  }

  /** The directories whose names `changes` may change. */
  touchedBy(changes: readonly NameChange[]): Set<Directory> {
    const touched = new Set<Directory>();
    for (const { directory, inode } of changes.flatMap(({ effects }) => effects)) {
      touched.add(directory);
      const place = inode?.kind === "directory" ? this.places.get(inode) : undefined;
      if (place !== undefined) touched.add(place.directory);
    }
    return touched;
  }

  of(directory: Directory): Map<string, Inode> {
    const names = this.byDirectory.get(directory);
    if (names === undefined) throw new Error("a directory the disk never had");
    return names;
  }

  /** Also when what the change stood on was lost, but never so that a directory would be in itself. */
  apply(change: NameChange): void {
    const closesCircle = change.effects.some(
      ({ directory, inode }) => inode?.kind === "directory" && this.isWithin(directory, inode),
    );
    if (closesCircle) return;
    for (const { directory, name, inode } of change.effects) {
      this.clear({ directory, name });
      if (inode === undefined) continue;
      if (inode.kind === "directory") {
        const before = this.places.get(inode);
        if (before !== undefined) this.clear(before);
        this.places.set(inode, { directory, name });
      }
      this.of(directory).set(name, inode);
    }
  }

  private clear({ directory, name }: Place): void {
    const named = this.of(directory).get(name);
    if (named?.kind === "directory") this.places.delete(named);
    this.of(directory).delete(name);
  }
  private isWithin(directory: Directory, above: Directory): boolean {
    let at: Directory | undefined = directory;
    // Bounded by the depth of the tree, which `apply` keeps free of circles.
    while (at !== undefined) {
      if (at === above) return true;
      at = this.places.get(at)?.directory;
    }
    return false;
  }
}

/** A tree with what is durable and the `kept` of the unsynced items, in their order. All of it is durable then. */
export function treeAfterPowerLoss(tree: Tree, journal: Journal, kept: ReadonlySet<number>): Tree {
  const names = Names.durable(tree, journal);
  for (const change of journal.pendingNames()) if (kept.has(change.id)) names.apply(change);
  const copies = new Map<Inode, Inode>();
  const copied = (inode: Inode): Inode => {
    let copy = copies.get(inode);
    if (copy === undefined) {
      copy = copyOf(inode);
      if (copy.kind !== "directory") copy.nlink = 0;
      if (inode.kind === "file" && copy.kind === "file") restoreContent(copy, journal, inode, kept);
      copies.set(inode, copy);
    }
    return copy;
  };
  const root = copied(tree.root);
  if (root.kind !== "directory") throw new Error("the root is not a directory");
  const after = emptyTree(root, true);
  const fill = (from: Directory, to: Directory): void => {
    for (const [name, inode] of names.of(from)) {
      const copy = copied(inode);
      if (copy.kind !== "directory") copy.nlink++;
      put(after, to, name, copy);
      if (inode.kind === "directory" && copy.kind === "directory") fill(inode, copy);
    }
  };
  fill(tree.root, root);
  return after;
}

function restoreContent(copy: RegularFile, journal: Journal, file: RegularFile, kept: ReadonlySet<number>): void {
  const record = journal.recordFor(file);
  if (record === undefined) return;
  copy.takeOver(record.durable);
  for (const { id, position, bytes } of record.changes) {
    if (!kept.has(id)) continue;
    if (bytes === undefined) copy.resize(position);
    else copy.write(position, bytes);
  }
}

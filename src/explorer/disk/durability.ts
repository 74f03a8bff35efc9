// What is durable, and what a power loss may still take.
//
// The strict reading of POSIX: content is durable once its file was fsynced, a name once its directory was; fsync of a
// file does nothing for its name. Between fsyncs the disk may have written any part of the changes, in any order. Mode,
// owner and times are not followed: they are what they were when the power went.

import { lastPathOf } from "./describe.ts";
import { type Directory, type Entry, type Inode, pathOf, type RegularFile } from "./inode.ts";

/** A change that a power loss may undo, as far as nothing was fsynced since. */
export interface UnsyncedItem {
  /** In the order in which the changes were made. */
  readonly id: number;
  /** For people: `rename /a -> /b`, `write 3 bytes to /a`. */
  readonly sentence: string;
}

/** A name that means something else since. */
export interface NameEffect {
  readonly directory: Directory;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** A change of names that happens as a whole or not at all: a rename is one, even between two directories. */
export interface NameChange extends UnsyncedItem {
  readonly effects: readonly NameEffect[];
}

/** Bytes at a position, or a new size. */
export interface ContentChange {
  readonly id: number;
  readonly position: number;
  readonly bytes: Uint8Array | undefined;
}

interface FileRecord {
  readonly durable: Uint8Array;
  readonly changes: ContentChange[];
}

/** Only what has changed since it was durable is recorded: all else is durable as it is. */
export class Journal {
  private lastId = 0;
  private flushes = 0;
  private names: NameChange[] = [];
  private readonly durableNames = new Map<Directory, Map<string, Inode>>();
  private readonly files = new Map<RegularFile, FileRecord>();

  // Each is called before the change itself.

  enter(directory: Directory, name: string, inode: Inode): void {
    const verb = inode.entry !== undefined ? "link" : inode.kind === "directory" ? "make directory" : "create";
    this.change(`${verb} ${pathOf(directory, name)}`, [{ directory, name, inode }]);
  }
  remove(directory: Directory, name: string): void {
    this.change(`remove ${pathOf(directory, name)}`, [{ directory, name, inode: undefined }]);
  }
  move(entry: Entry, to: Directory, name: string): void {
    const { parent, inode } = entry;
    this.change(`rename ${pathOf(parent, entry.name)} -> ${pathOf(to, name)}`, [
      { directory: parent, name: entry.name, inode: undefined },
      { directory: to, name, inode },
    ]);
  }
  write(file: RegularFile, position: number, bytes: Uint8Array): void {
    this.recordOf(file).changes.push({ id: this.nextId(), position, bytes: bytes.slice() });
  }
  resize(file: RegularFile, size: number): void {
    this.recordOf(file).changes.push({ id: this.nextId(), position: size, bytes: undefined });
  }

  get version(): number {
    return this.lastId + this.flushes;
  }

  /** fsync and fdatasync of a file. */
  syncFile(file: RegularFile): void {
    this.flushes += 1;
    this.files.delete(file);
  }

  /** fsync of a directory: its names, and with a rename between two directories also the name in the other. */
  syncDirectory(directory: Directory): void {
    this.flushes += 1;
    let waiting: NameChange[] = [];
    for (const change of this.names) {
      if (!change.effects.some((effect) => effect.directory === directory)) {
        waiting.push(change);
        continue;
      }
      for (const effect of change.effects) {
        apply(this.durableNames, effect);
        waiting = withoutEffectsOn(waiting, effect);
      }
    }
    this.names = waiting;
    if (!waiting.some((change) => change.effects.some((effect) => effect.directory === directory))) {
      this.durableNames.delete(directory);
    }
  }

  syncAll(): void {
    this.flushes += 1;
    this.names = [];
    this.durableNames.clear();
    this.files.clear();
  }

  get isClean(): boolean {
    return this.names.length === 0 && this.files.size === 0;
  }

  unsynced(): UnsyncedItem[] {
    const items: UnsyncedItem[] = this.names.map(({ id, sentence }) => ({ id, sentence }));
    const named = this.everNamed();
    for (const [file, { changes }] of this.files) {
      // Content that no name can lead to any more is not missed.
      if (file.nlink === 0 && !named.has(file)) continue;
      const path = lastPathOf(file);
      for (const change of changes) items.push({ id: change.id, sentence: contentSentence(change, path) });
    }
    return items.sort((a, b) => a.id - b.id);
  }

  pendingNames(): readonly NameChange[] {
    return this.names;
  }
  durableNamesOf(directory: Directory): Map<string, Inode> {
    const recorded = this.durableNames.get(directory);
    return new Map(recorded ?? namesOf(directory));
  }
  /** Undefined for a file whose content is durable as it is. */
  recordFor(file: RegularFile): FileRecord | undefined {
    return this.files.get(file);
  }

  private change(sentence: string, effects: readonly NameEffect[]): void {
    for (const { directory } of effects) {
      if (!this.durableNames.has(directory)) this.durableNames.set(directory, namesOf(directory));
    }
    this.names.push({ id: this.nextId(), sentence, effects });
  }
  private recordOf(file: RegularFile): FileRecord {
    let record = this.files.get(file);
    if (record === undefined) {
      record = { durable: file.share(), changes: [] };
      this.files.set(file, record);
    }
    return record;
  }
  private nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }
  private everNamed(): Set<Inode> {
    const named = new Set<Inode>();
    for (const names of this.durableNames.values()) for (const inode of names.values()) named.add(inode);
    for (const change of this.names) {
      for (const { inode } of change.effects) if (inode !== undefined) named.add(inode);
    }
    return named;
  }
}

function namesOf(directory: Directory): Map<string, Inode> {
  return new Map([...directory.entries.values()].map((entry) => [entry.name, entry.inode]));
}

function apply(durable: ReadonlyMap<Directory, Map<string, Inode>>, { directory, name, inode }: NameEffect): void {
  if (inode === undefined) durable.get(directory)?.delete(name);
  else durable.get(directory)?.set(name, inode);
}

/** A later change of the name is durable now, so that the earlier ones can no longer come to anything. */
function withoutEffectsOn(changes: readonly NameChange[], { directory, name }: NameEffect): NameChange[] {
  return changes
    .map((change) => ({
      ...change,
      effects: change.effects.filter((effect) => effect.directory !== directory || effect.name !== name),
    }))
    .filter((change) => change.effects.length > 0);
}

function contentSentence({ position, bytes }: ContentChange, path: string): string {
  if (bytes === undefined) return `cut or extend ${path} to ${position} bytes`;
  return `write ${bytes.length} ${bytes.length === 1 ? "byte" : "bytes"} to ${path}`;
}

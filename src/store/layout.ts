// Where everything of a workspace lies on disk, and how names become file names.
//
//   <folder>/.holdfast/
//     workspace.json  identity.json  catalog.db  sync.db  peers.db  workspace-key
//     data/<collection>/<name>/<version>/{content,version.json}
//     data/<collection>/<name>/latest          text, the newest version's number, for people and scripts
//     data/<collection>/<name>/name            only where the directory's name is a hash: the name itself
//     data/<collection>/.deleted/<name>.json   versions deleted, and the number that the next one starts above
//     data/<collection>/.deleted/.all          only while all of the collection is being deleted: what goes
//     journal/<collection>                     what was saved lately and is flushed nowhere else (journal.ts)
//     journal/.boot                            the boot of this machine by which every journal was replayed
//     locks/<scope>/   staging/   trash/   notes/   hub/
//
// A collection and a name are one directory each: `a/b` is `a%2Fb`, so that deleting an artifact is one rename of one
// directory that holds nothing else. See docs/decisions/0003-one-directory-per-artifact.md.

import { hash } from "node:crypto";
import { join } from "node:path";

export const HOLDFAST_DIR = ".holdfast";

/** Longest file name that common file systems take, bytes. */
const MAX_FILE_NAME_BYTES = 255;
/** Room left for a suffix such as `.json`. */
const SUFFIX_BYTES = 15;
/** Stands before a hash; an encoded name never contains it. */
const HASHED = "~";

export class Layout {
  /** The workspace's folder, absolute. */
  readonly folder: string;
  readonly root: string;
  readonly data: string;
  readonly locks: string;
  readonly staging: string;
  readonly trash: string;
  readonly journals: string;
  readonly notes: string;
  readonly hub: string;

  constructor(folder: string) {
    this.folder = folder;
    this.root = join(folder, HOLDFAST_DIR);
    this.data = join(this.root, "data");
    this.locks = join(this.root, "locks");
    this.staging = join(this.root, "staging");
    this.trash = join(this.root, "trash");
    this.journals = join(this.root, "journal");
    this.notes = join(this.root, "notes");
    this.hub = join(this.root, "hub");
  }

  get workspaceFile(): string {
    return join(this.root, "workspace.json");
  }
  get identityFile(): string {
    return join(this.root, "identity.json");
  }
  get catalogFile(): string {
    return join(this.root, "catalog.db");
  }
  get syncFile(): string {
    return join(this.root, "sync.db");
  }
  get peersFile(): string {
    return join(this.root, "peers.db");
  }
  /** What whoever takes part among peers has to have; nobody else is to see it. */
  get workspaceKeyFile(): string {
    return join(this.root, "workspace-key");
  }

  /** The boot of this machine since which no journal waits to be replayed. */
  get bootFile(): string {
    return join(this.journals, ".boot");
  }
  journalFile(collection: string): string {
    return join(this.journals, encodeName(collection));
  }
  collectionDir(collection: string): string {
    return join(this.data, encodeName(collection));
  }
  artifactDir(collection: string, name: string): string {
    return join(this.collectionDir(collection), encodeName(name));
  }
  versionDir(collection: string, name: string, version: number): string {
    return join(this.artifactDir(collection, name), String(version));
  }
  /** Says that all of a collection is being deleted, while it is. */
  deletingFile(collection: string): string {
    return join(this.collectionDir(collection), ".deleted", ".all");
  }
  deletedFile(collection: string, name: string): string {
    return join(this.collectionDir(collection), ".deleted", `${encodeName(name)}.json`);
  }
}

/**
 * A name as one file name: letters, digits, `-`, `_` and inner `.` stay, every other byte is `%XX`. A result longer than
 * a file name may be is replaced by `~` and the name's sha-256; `decodeName` then gives undefined and the name stands in
 * the file `name` inside.
 */
export function encodeName(name: string): string {
  const encoded = encodeURIComponent(name)
    .replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\.|\.$/g, "%2E");
  if (encoded.length <= MAX_FILE_NAME_BYTES - SUFFIX_BYTES) return encoded;
  return HASHED + hash("sha256", name, "hex");
}

/** The name that `fileName` encodes, or undefined when it is a hash, or not of this encoding (`.deleted`). */
export function decodeName(fileName: string): string | undefined {
  if (fileName.startsWith(HASHED) || fileName.startsWith(".")) return undefined;
  try {
    const name = decodeURIComponent(fileName);
    return encodeName(name) === fileName ? name : undefined;
  } catch {
    return undefined;
  }
}

/** True when `fileName` stands for a name too long to be one. */
export function isHashedName(fileName: string): boolean {
  return fileName.startsWith(HASHED);
}

/** The version number that a directory entry stands for, or undefined. */
export function parseVersionDir(fileName: string): number | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(fileName)) return undefined;
  const version = Number(fileName);
  return Number.isSafeInteger(version) ? version : undefined;
}

// The catalog as those see it who only read: what `list` says, where contents lie, what came in which order.

import { type ContentHash, decodeEntry, type Entry, type EntryId, Recent } from "../entries/index.ts";
import type { IndexDatabase } from "./index-database.ts";
import type { ContentFacts } from "./version-facts.ts";
import type { VersionRecord } from "./version-record.ts";

const RECENT_ENTRIES = 4_096;
const [FIRST_SURROGATE, AFTER_SURROGATES, LAST_CODE_POINT] = [0xd800, 0xe000, 0x10ffff];

export interface ArtifactKey {
  readonly collection: string;
  readonly name: string;
}

/** An artifact that somebody is about to change, or died changing. */
export interface Noted extends ArtifactKey {
  readonly note: number;
}

/** Which journal, by how it begins, and how far in it. */
export interface PlaceInJournal {
  readonly journal: string;
  readonly bytes: number;
}

/** Up to where the rows hold what stands in a collection's journal. */
export interface Folded extends PlaceInJournal {
  /** Grows each time. */
  readonly turn: number;
}

/** One row of `list`: an artifact and its newest version. */
export interface ListedArtifact extends ArtifactKey {
  readonly version: number;
  readonly size: number;
  readonly hash: ContentHash;
  readonly type: string;
  readonly createdAt: string;
  readonly owner: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Why the newest version cannot be read, with the path, where that is known; the fields above are then empty. */
  readonly damaged?: string;
}

/** An entry that was made or taken in here, with its place in this copy's order of arrival. */
export interface Arrival {
  readonly arrival: number;
  readonly entry: Entry;
}

interface VersionRow {
  readonly [column: string]: unknown;
  readonly arrival: number;
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  readonly entry: EntryId;
  readonly content_name: string | null;
  readonly content_version: number | null;
  readonly block: Uint8Array;
}

type SealedRow = Pick<VersionRow, "collection" | "name" | "version" | "content_name" | "content_version" | "block"> & {
  readonly hash: string | null;
};

/** A version with its entry as it was signed. */
export interface SealedVersion extends ContentFacts {
  readonly block: Uint8Array;
}

function contentAtOf(row: Pick<VersionRow, "content_name" | "content_version">): Pick<ContentFacts, "contentAt"> {
  const { content_name: name, content_version: version } = row;
  return name === null || version === null ? {} : { contentAt: { name, version } };
}

export class CatalogReader {
  protected readonly db: IndexDatabase;
  /** Entries never change, so those read or written lately need no second reading. */
  protected readonly recent = new Recent<Entry>(RECENT_ENTRIES);
  /** Changes when the catalog is rebuilt: arrival numbers of different incarnations cannot be compared. */
  readonly incarnation: string;

  protected constructor(db: IndexDatabase) {
    this.db = db;
    this.incarnation = this.meta("incarnation") ?? "";
  }

  protected meta(key: string): string | undefined {
    return this.db.get<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)?.value;
  }

  /** Undefined where nothing ever was. */
  folded(collection: string): Folded | undefined {
    return this.db.get<Folded>("SELECT journal, bytes, turn FROM folded WHERE collection = ?", collection);
  }

  /** False after it was made anew, until it has been filled from disk. */
  isComplete(): boolean {
    return this.meta("complete") === "yes";
  }

  /** Artifacts whose newest version on disk may be one that could not be read, and is in no row. */
  damaged(collection?: string): ArtifactKey[] {
    return (JSON.parse(this.meta("damaged") ?? "[]") as [string, string][])
      .map(([collection, name]) => ({ collection, name }))
      .filter((key) => collection === undefined || key.collection === collection);
  }

  newestVersion({ collection, name }: ArtifactKey): number | undefined {
    return this.db.get<{ version: number }>(
      "SELECT version FROM newest WHERE collection = ? AND name = ?",
      collection,
      name,
    )?.version;
  }

  /** Artifacts whose rows may differ from disk: a writer is at work on them, or died at it. */
  pending(collection?: string): Noted[] {
    return collection === undefined
      ? this.db.all<Noted>("SELECT collection, name, note FROM pending")
      : this.db.all<Noted>("SELECT collection, name, note FROM pending WHERE collection = ?", collection);
  }

  has(entry: EntryId): boolean {
    return this.db.get("SELECT 1 FROM versions WHERE entry = ?", entry) !== undefined;
  }

  /** The entry of a row, decoded at most once while it is remembered. */
  protected entryOf(row: { readonly entry: EntryId; readonly block: Uint8Array }): Entry {
    const known = this.recent.get(row.entry);
    if (known !== undefined) return known;
    const entry = decodeEntry(row.block);
    this.recent.set(entry.id, entry);
    return entry;
  }

  protected recordOf(row: VersionRow): VersionRecord {
    return { version: row.version, entry: this.entryOf(row), ...contentAtOf(row) };
  }

  /** Artifacts whose newest version is not a delete, by collection and name. */
  list(collection: string | undefined, prefix: string): ListedArtifact[] {
    const collections = collection === undefined ? this.collections() : [collection];
    const end = afterAllWith(prefix);
    const rows = collections.flatMap((one) =>
      this.db.all<Omit<ListedArtifact, "tags"> & { tags: string }>(
        `SELECT collection, name, version, size, hash, type, created_at AS createdAt, owner, tags FROM newest
         WHERE collection = ? AND name >= ? ${end === undefined ? "" : "AND name < ?"} AND kind <> 'delete' ORDER BY name`,
        ...(end === undefined ? [one, prefix] : [one, prefix, end]),
      ),
    );
    return rows.map((row) => ({ ...row, tags: JSON.parse(row.tags) as Record<string, string> }));
  }

  /** That have artifacts. Each is one step in the index, however many those are. */
  collections(): string[] {
    const found: string[] = [];
    for (let last = ""; ; last = found.at(-1) as string) {
      const next = this.db.get<{ name: string | null }>(
        "SELECT min(collection) AS name FROM newest WHERE collection > ?",
        last,
      )?.name;
      if (next === null || next === undefined) return found;
      found.push(next);
    }
  }

  /** Every artifact of a collection that has versions here. */
  names(collection: string): string[] {
    const rows = this.db.all<{ name: string }>(
      "SELECT DISTINCT name FROM versions WHERE collection = ? AND version IS NOT NULL",
      collection,
    );
    return rows.map((row) => row.name);
  }

  /** An artifact's versions as they stand here, unread: for comparing. */
  rowsOf({ collection, name }: ArtifactKey): { version: number; entry: string; block: Uint8Array }[] {
    return this.db.all(
      "SELECT version, entry, block FROM versions WHERE collection = ? AND name = ? AND version IS NOT NULL",
      collection,
      name,
    );
  }

  /** What `list` says of an artifact, unread: for comparing. */
  newestRow({ collection, name }: ArtifactKey): Readonly<Record<string, string | number | null>> | undefined {
    return this.db.get(
      "SELECT *, created_at AS createdAt FROM newest WHERE collection = ? AND name = ?",
      collection,
      name,
    );
  }

  /** The version that first held `hash`, if any is still there: where a carried content can be read. */
  contentOf(collection: string, contentHash: ContentHash): VersionRecord | undefined {
    const row = this.db.get<VersionRow>(
      "SELECT * FROM versions WHERE hash = ? AND collection = ? AND version IS NOT NULL ORDER BY arrival LIMIT 1",
      contentHash,
      collection,
    );
    return row === undefined ? undefined : this.recordOf(row);
  }

  /** Some version with this content, in whatever collection. */
  holderOf(contentHash: ContentHash): VersionRecord | undefined {
    const row = this.db.get<VersionRow>(
      "SELECT * FROM versions WHERE hash = ? AND version IS NOT NULL ORDER BY arrival LIMIT 1",
      contentHash,
    );
    return row === undefined ? undefined : this.recordOf(row);
  }

  /** Contents that more than one version holds, in whatever collections. */
  repeatedContents(): ContentHash[] {
    const rows = this.db.all<{ hash: ContentHash }>(
      "SELECT hash FROM versions WHERE hash IS NOT NULL AND version IS NOT NULL GROUP BY hash HAVING count(*) > 1",
    );
    return rows.map(({ hash }) => hash);
  }

  /** The versions that have this content beside them. */
  holdersOf(contentHash: ContentHash): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      "SELECT * FROM versions WHERE hash = ? AND version IS NOT NULL ORDER BY arrival",
      contentHash,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** Versions whose content lies with the artifact `key`, not beside them. */
  referringTo(key: ArtifactKey): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      "SELECT * FROM versions WHERE collection = ? AND content_name = ? AND version IS NOT NULL",
      key.collection,
      key.name,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** An entry that arrived here, also one that only deleted. */
  entryById(entry: EntryId): Entry | undefined {
    const known = this.recent.get(entry);
    if (known !== undefined) return known;
    const row = this.db.get<{ block: Uint8Array }>("SELECT block FROM versions WHERE entry = ?", entry);
    return row === undefined ? undefined : this.entryOf({ entry, block: row.block });
  }

  /** What giving out an entry and its content takes; mostly it is not decoded. */
  sealed(entry: EntryId): SealedVersion | undefined {
    const row = this.db.get<SealedRow>(
      `SELECT collection, name, version, content_name, content_version, hash, block FROM versions
       WHERE entry = ? AND version IS NOT NULL`,
      entry,
    );
    if (row === undefined) return undefined;
    const { collection, name, version, hash, block } = row;
    const at = contentAtOf(row);
    // A row names only the content that lies beside its version.
    const own = hash === null ? null : { hash };
    const content = at.contentAt === undefined ? own : this.entryOf({ entry, block }).content;
    return { block, version, entry: { collection, name, content }, ...at };
  }

  /** The number of what arrived last; 0 when nothing has. */
  lastArrival(): number {
    return this.db.get<{ last: number | null }>("SELECT max(arrival) AS last FROM versions")?.last ?? 0;
  }

  byEntry(entry: EntryId): VersionRecord | undefined {
    const row = this.db.get<VersionRow>("SELECT * FROM versions WHERE entry = ? AND version IS NOT NULL", entry);
    return row === undefined ? undefined : this.recordOf(row);
  }

  /** Entries whose id starts with `prefix`, two at the most: enough to tell an ambiguous prefix. */
  byEntryPrefix(prefix: string): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      "SELECT * FROM versions WHERE entry >= ? AND entry < ? AND version IS NOT NULL ORDER BY entry LIMIT 2",
      prefix,
      `${prefix}\u{10ffff}`,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** All versions that were ever at `name`, and all others of the documents that ever were, in order of arrival. */
  history(collection: string, name: string): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      `SELECT * FROM versions WHERE version IS NOT NULL AND arrival IN (
         SELECT arrival FROM versions WHERE collection = ?1 AND name = ?2
         UNION
         SELECT arrival FROM versions WHERE doc IN (
           SELECT doc FROM versions WHERE collection = ?1 AND doc IS NOT NULL AND (name = ?2 OR from_name = ?2)))
       ORDER BY arrival`,
      collection,
      name,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** The same, unread. */
  arrivalRows(after: number, limit: number): { arrival: number; version: number | null; entry: EntryId }[] {
    return this.db.all(
      "SELECT arrival, version, entry FROM versions WHERE arrival > ? ORDER BY arrival LIMIT ?",
      after,
      limit,
    );
  }

  /** What arrived after `after`, in order, `limit` at the most. */
  arrivals(after: number, limit: number): Arrival[] {
    const rows = this.db.all<{ arrival: number; entry: EntryId; block: Uint8Array }>(
      "SELECT arrival, entry, block FROM versions WHERE arrival > ? ORDER BY arrival LIMIT ?",
      after,
      limit,
    );
    return rows.map((row) => ({ arrival: row.arrival, entry: this.entryOf(row) }));
  }
}

/** The first text after all that begin so, in the order of SQLite (of code points); undefined when there is none. */
function afterAllWith(prefix: string): string | undefined {
  const points = [...prefix].map((char) => char.codePointAt(0) as number);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === LAST_CODE_POINT) continue;
    const next = last + 1 === FIRST_SURROGATE ? AFTER_SURROGATES : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}

// Whether the catalog says what lies on disk. Compared without a lock first; only what seems to differ is looked at again
// under its collection's lock, where nobody changes either. A catalog that differs is kept beside and made anew from disk.

import { whyNotWritable } from "../errors.ts";
import { listVersions } from "./artifact-on-disk.ts";
import { type ArtifactKey, Catalog, ownerOf } from "./catalog.ts";
import type { LockWait } from "./drafts.ts";
import { readAll } from "./find-version.ts";
import { SET_ASIDE, type SetAside } from "./index-database.ts";
import { settle } from "./settle.ts";
import type { Store } from "./store.ts";
import { readVersionFile, savedAt, type VersionRecord } from "./version-record.ts";

export type CatalogState = "agrees" | "made anew" | "differs";

export class CatalogCheck {
  private readonly store: Store;
  private readonly catalog: Catalog;
  /** Artifacts that seemed to differ, by collection. */
  private readonly doubtful = new Map<string, Set<string>>();

  constructor(store: Store, catalog: Catalog) {
    this.store = store;
    this.catalog = catalog;
  }

  /** Compares one artifact: its versions that can be read, and the numbers of those that cannot. */
  note(key: ArtifactKey, sound: readonly VersionRecord[], unsound: ReadonlySet<number>): void {
    if (differs(this.catalog, key, sound, unsound)) this.doubt(key);
  }

  /** Compares a collection's artifacts with those that were found on disk. */
  noteGone(collection: string, found: ReadonlySet<string>): void {
    for (const name of this.catalog.names(collection)) if (!found.has(name)) this.doubt({ collection, name });
  }

  /** Compares the collections with those that were found on disk. */
  noteOthers(found: readonly string[], only: string | undefined): void {
    for (const collection of this.catalog.collections()) {
      if (found.includes(collection) || (only !== undefined && only !== collection)) continue;
      this.noteGone(collection, new Set());
    }
  }

  /** Looks again at what seemed to differ, and has the catalog made anew where it does. */
  async finish(wait: LockWait): Promise<CatalogState> {
    for (const [collection, names] of this.doubtful) {
      if (!(await this.stillDiffers(collection, names, wait))) continue;
      if (whyNotWritable(this.store.layout.root) !== undefined) return "differs";
      await makeCatalogAnew(this.store, wait);
      return "made anew";
    }
    return "agrees";
  }

  private async stillDiffers(collection: string, names: ReadonlySet<string>, wait: LockWait): Promise<boolean> {
    const { layout } = this.store;
    const look = async (): Promise<boolean> => [...names].some((name) => this.differsNow({ collection, name }));
    if (whyNotWritable(layout.root) !== undefined) return look();
    return this.store.exclusively([collection], wait, async () => {
      settle({ layout, catalog: this.catalog }, collection);
      return look();
    });
  }

  private differsNow(key: ArtifactKey): boolean {
    const { layout } = this.store;
    // What is linked, or was made unreadable, is told already.
    try {
      const all = readAll(readVersionFile, layout, key.collection, key.name);
      const sound = all.filter((found) => "entry" in found);
      const known = new Set(sound.map(({ version }) => version));
      const there = listVersions(layout, key.collection, key.name);
      return differs(this.catalog, key, sound, new Set(there.filter((version) => !known.has(version))));
    } catch {
      return false;
    }
  }

  private doubt({ collection, name }: ArtifactKey): void {
    const names = this.doubtful.get(collection) ?? new Set();
    this.doubtful.set(collection, names.add(name));
  }
}

/** Keeps the catalog beside, and fills another from disk. */
export async function makeCatalogAnew(store: Store, wait: LockWait): Promise<void> {
  const path = store.layout.catalogFile;
  const aside = Catalog.setAside(path);
  Catalog.open(path).close();
  if (aside !== undefined) SET_ASIDE.publish({ path, aside } satisfies SetAside);
  await store.readyCatalog(wait);
}

function differs(
  catalog: Catalog,
  key: ArtifactKey,
  sound: readonly VersionRecord[],
  unsound: ReadonlySet<number>,
): boolean {
  const rows = new Map(catalog.rowsOf(key).map((row) => [row.version, row]));
  for (const { version, entry } of sound) {
    const row = rows.get(version);
    if (row === undefined || row.entry !== entry.id || Buffer.compare(row.block, entry.block) !== 0) return true;
    rows.delete(version);
  }
  // A row of a version that cannot be read says more than the disk does.
  if ([...rows.keys()].some((version) => !unsound.has(version))) return true;
  const newest = sound.toSorted((a, b) => a.version - b.version).at(-1);
  const isSure = newest !== undefined && [...unsound].every((version) => version < newest.version);
  return isSure && !saysNewest(catalog, key, newest);
}

function saysNewest(catalog: Catalog, key: ArtifactKey, record: VersionRecord): boolean {
  const { version, entry } = record;
  const row = catalog.newestRow(key);
  const said = [row?.version, row?.kind, row?.hash, row?.size, row?.type, row?.createdAt, row?.owner, row?.tags];
  const content = entry.content;
  const tags = JSON.stringify(entry.tags);
  const is = [version, entry.kind, content?.hash, content?.size, content?.type, savedAt(record), ownerOf(entry), tags];
  return said.every((value, index) => (value ?? null) === (is[index] ?? null));
}

// Artifacts whose newest version lies there and could not be read, so that a catalog made anew from disk lacks it. Without
// a note of them, `list` would show the version before as the newest, and `get` would say that the newest is damaged.

import { listVersions } from "./artifact-on-disk.ts";
import type { ArtifactKey, Catalog } from "./catalog.ts";
import { artifactsOnDisk, collectionsOnDisk, linkedArtifacts } from "./collections-on-disk.ts";
import type { Layout } from "./layout.ts";

/** Looked for once, when the catalog has been filled. */
export function damagedOnDisk(layout: Layout, catalog: Catalog): ArtifactKey[] {
  return collectionsOnDisk(layout).flatMap((collection) => [
    ...artifactsOnDisk(layout, collection)
      .map((name) => ({ collection, name }))
      .filter((key) => {
        const newest = listVersions(layout, key.collection, key.name).at(-1);
        return newest !== undefined && newest !== catalog.newestVersion(key);
      }),
    ...linkedArtifacts(layout, collection).map((name) => ({ collection, name })),
  ]);
}

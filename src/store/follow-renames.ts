// An old name leads to the artifact that it was renamed to, as long as nothing else was saved under it. Loads next to nothing.

import { listVersions } from "./artifact-on-disk.ts";
import type { Layout } from "./layout.ts";
import { becameOf, readMark } from "./rename-mark.ts";

/** The tag of a delete's entry that says which name the artifact has now. */
export const RENAMED_TO_TAG = "rename.to";

/** The name under which the artifact that was called `name` has versions now; undefined where it has some under that name
 *  itself, or nowhere. */
export function followRenames(layout: Layout, collection: string, name: string): string | undefined {
  const seen = new Set<string>();
  // Names that lead to each other in a circle, as renames on two machines may leave them, lead nowhere.
  for (let now = name; !seen.has(now); ) {
    seen.add(now);
    if (listVersions(layout, collection, now).length > 0) return now === name ? undefined : now;
    const next = becameOf(layout.artifactDir(collection, now))?.to ?? forwardOf(layout, collection, now);
    if (next === undefined) return undefined;
    now = next;
  }
  return undefined;
}

function forwardOf(layout: Layout, collection: string, name: string): string | undefined {
  const { forwardsTo } = readMark<{ forwardsTo?: unknown }>(layout.deletedFile(collection, name)) ?? {};
  return typeof forwardsTo === "string" ? forwardsTo : undefined;
}

// An old name leads to the artifact that it was renamed to, as long as nothing else was saved under it. Loads next to nothing.

import { listVersions } from "./artifact-on-disk.ts";
import type { Layout } from "./layout.ts";
import { becameOf, readMark } from "./rename-mark.ts";

/** The tag of a delete's entry that says which name the artifact has now. */
export const RENAMED_TO_TAG = "rename.to";

/** Looks in vain before it counts that something is not there: it may be renamed to and fro at this very moment. */
const LOOKS_IN_VAIN = 20;
/** Names followed, each of which was given while the one before was looked at. */
const MAX_LOOKS = 1_000;

/** What `look` finds under `name`, or under the name that the artifact has now; with the name that was looked under last. */
export function lookFollowing<T>(
  layout: Layout,
  collection: string,
  name: string,
  look: (name: string) => T | undefined,
): { readonly name: string; readonly found: T | undefined } {
  let now = name;
  let inVain = 0;
  for (let looks = 0; looks < MAX_LOOKS && inVain < LOOKS_IN_VAIN; looks += 1) {
    const found = look(now);
    if (found !== undefined) return { name: now, found };
    const next = followRenames(layout, collection, now);
    if (next !== undefined) {
      now = next;
      continue;
    }
    // Nothing here, and nowhere to go on to; unless it has just come back, or what it leads to has just moved on.
    if (listVersions(layout, collection, now).length === 0 && nextName(layout, collection, now) === undefined) break;
    inVain += 1;
  }
  return { name: now, found: undefined };
}

/** The name under which the artifact that was called `name` has versions now; undefined where it has some under that name
 *  itself, or nowhere. */
export function followRenames(layout: Layout, collection: string, name: string): string | undefined {
  const seen = new Set<string>();
  // Names that lead to each other in a circle, as renames on two machines may leave them, lead nowhere.
  for (let now = name; !seen.has(now); ) {
    seen.add(now);
    if (listVersions(layout, collection, now).length > 0) return now === name ? undefined : now;
    const next = nextName(layout, collection, now);
    if (next === undefined) return undefined;
    now = next;
  }
  return undefined;
}

function nextName(layout: Layout, collection: string, name: string): string | undefined {
  const became = becameOf(layout.artifactDir(collection, name));
  if (became !== undefined) return became.to;
  const { forwardsTo } = readMark<{ forwardsTo?: unknown }>(layout.deletedFile(collection, name)) ?? {};
  return typeof forwardsTo === "string" ? forwardsTo : undefined;
}

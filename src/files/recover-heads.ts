// Versions of documents that were saved and queued, and that no head takes into account: what a crash leaves between the
// store and sync.db. The hub takes a document's entries only when they lead to one newest; one that stands beside would be
// refused for ever, and all that come after it.

import type { Entry, EntryId } from "../entries/index.ts";
import { FILES } from "../entries/index.ts";
import { freeLane, holdLane } from "../hub-client/index.ts";
import { entryOf, type FolderParts } from "./folder-parts.ts";
import { joinHeads } from "./join-heads.ts";

/** Lets every document's head take all of its unsent versions into account. */
export async function recoverHeads(parts: FolderParts): Promise<void> {
  const { db, documents } = parts;
  const unsent = unsentOf(parts);
  db.transaction(() => {
    for (const entry of unsent) {
      const doc = entry.doc ?? entry.id;
      const live = entry.kind === "delete" ? 0 : 1;
      const known = documents.doc(doc);
      if (known === undefined) {
        documents.putDoc({
          doc,
          path: entry.name,
          live,
          head: entry.id,
          synced: null,
          remote: null,
          remote_sequence: 0,
        });
      } else if (known.head !== entry.id && entry.parents.includes(known.head)) {
        documents.putDoc({ ...known, path: entry.name, live, head: entry.id });
      }
    }
  });
  await joinForks(parts, new Set(unsent.map((entry) => entry.doc ?? entry.id)));
}

/** Inside the lane: joins unsent versions of `docs` that stand beside the head with it. Returns how many those were. */
export async function joinForks(parts: FolderParts, docs: ReadonlySet<string>): Promise<number> {
  const ours = Map.groupBy(unsentOf(parts), (entry) => entry.doc ?? entry.id);
  let joined = 0;
  for (const [doc, entries] of ours) {
    if (!docs.has(doc)) continue;
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    let isFree = true;
    for (const entry of entries.toReversed()) {
      const head = parts.documents.doc(doc)?.head;
      if (head === undefined || isIn(entry.id, head, parts)) {
        parts.forks?.forget(entry.id);
        continue;
      }
      const patienceMs = parts.forks?.patienceMs(entry, entryOf(parts, head), parts.store.identity.author) ?? 0;
      if (patienceMs > 0) {
        holdLane(parts.db, doc, Date.now() + patienceMs);
        isFree = false;
        continue;
      }
      parts.forks?.forget(entry.id);
      await joinHeads(parts, doc, baseOf(entry, byId), entry.id);
      joined += 1;
    }
    if (isFree && parts.forks !== undefined) freeLane(parts.db, doc);
  }
  return joined;
}

/** The folder's unsent entries, in order of arrival. */
function unsentOf({ db, store }: FolderParts): (Entry & { readonly doc: EntryId | null })[] {
  const rows = db.all<{ entry: EntryId }>("SELECT entry FROM unsent ORDER BY arrival");
  return rows
    .map(({ entry }) => store.catalog.entryById(entry))
    .filter((entry) => entry !== undefined)
    .filter((entry): entry is Entry & { readonly doc: EntryId | null } => entry.doc !== undefined)
    .filter((entry) => entry.collection === FILES);
}

/** True when `head` was made from the unsent `entry`. What was made from that is unsent itself, so whatever the hub has
 *  ends the way. */
function isIn(entry: EntryId, head: EntryId, { db, store }: FolderParts): boolean {
  const seen = new Set<EntryId>();
  const open = [head];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === entry) return true;
    if (seen.has(next) || db.isSequenced(next)) continue;
    seen.add(next);
    open.push(...(store.catalog.entryById(next)?.parents ?? []));
  }
  return false;
}

/** What the hub had when the first of the versions that lead to `entry` was made. */
function baseOf(entry: Entry, unsent: ReadonlyMap<EntryId, Entry>): EntryId | null {
  let first = entry;
  for (let steps = 0; steps < unsent.size; steps += 1) {
    const before = first.parents.map((parent) => unsent.get(parent)).find((parent) => parent !== undefined);
    if (before === undefined) break;
    first = before;
  }
  return first.parents[0] ?? null;
}

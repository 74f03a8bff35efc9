// What the steps of a folder's sync share.

import type { Author, Entry, EntryId } from "../entries/index.ts";
import { FILES } from "../entries/index.ts";
import { assert } from "../errors.ts";
import { fillOutbox, type SyncDb, wakeLane } from "../hub-client/index.ts";
import type { Draft, Layout, Store, StoredContent } from "../store/index.ts";
import type { DocRow, Documents } from "./documents.ts";
import type { OnFolderEvent } from "./events.ts";
import type { Forks } from "./forks.ts";
import { DIRECTORY_TYPE } from "./observe.ts";
import type { Obstacles } from "./obstacles.ts";
import type { Clashes } from "./part-folders.ts";
import type { Aside, Placer } from "./place.ts";
import type { SyncProgress } from "./sync-progress.ts";

export interface FolderParts {
  readonly layout: Layout;
  readonly store: Store;
  readonly db: SyncDb;
  readonly documents: Documents;
  readonly placer: Placer;
  readonly onEvent: OnFolderEvent;
  readonly progress: SyncProgress;
  /** Asks for a path to be looked at again soon. */
  readonly lookAgain: (path: string) => void;
  readonly obstacles: Obstacles;
  readonly clashes: Clashes;
  /** Only among peers without a common hub. */
  readonly forks: Forks | undefined;
  /** Whose entries go to the hub from here: our own, and those of peers whose keys it knows. */
  readonly carried: ReadonlySet<Author>;
  /** Keeps an eye on a file taken out of the folder. */
  readonly keepAside: (aside: Aside) => void;
}

/** What was saved here, and what came from peers, goes to the hub. */
export function fillFrom({ store, db, carried }: Pick<FolderParts, "store" | "db" | "carried">): Promise<void> {
  return fillOutbox(store, db, carried);
}

/** An entry of the store. Every id in `docs` and `files` is of one: the store is written first. */
export function entryOf({ store }: FolderParts, id: EntryId): Entry {
  const entry = store.catalog.entryById(id);
  assert(entry !== undefined, `entry ${id} is in the store before anything refers to it`);
  return entry;
}

/** True for a document that is a directory, false for a file or a link. */
export function isFolder(parts: Pick<FolderParts, "store">, { head }: Pick<DocRow, "head">): boolean {
  return parts.store.catalog.entryById(head)?.content?.type === DIRECTORY_TYPE;
}

/** Where the bytes of a version lie in the store. */
export function storedContent({ store }: FolderParts, hash: string): StoredContent {
  const holder = store.catalog.contentOf(FILES, hash);
  assert(holder?.entry.content !== undefined && holder.entry.content !== null, `content ${hash} is in the store`);
  return { name: holder.entry.name, version: holder.version, hash, size: holder.entry.content.size };
}

/** Writes one version of the folder's collection; its lane may be sent again, whatever stopped it. */
export async function writeOne(parts: FolderParts, draft: Draft): Promise<Entry> {
  const [record] = await parts.store.write([draft]);
  assert(record !== undefined, "a version of a document is always written");
  wakeLane(parts.db, record.entry.doc ?? record.entry.id);
  return record.entry;
}

/** `path` stays as it is and does not travel, for `reason`. Told, and written down, once: every scan finds it again. */
export function leaveAlone(
  { documents, onEvent }: Pick<FolderParts, "documents" | "onEvent">,
  path: string,
  reason: string,
  message = `${path} is not synced: ${reason}`,
): void {
  if (documents.refusal(path) === reason) return;
  documents.refuse(path, reason);
  onEvent({ kind: "notice", message });
}

// Notes: short texts on topics. A note is an artifact of the collection `notes/<topic>`; the topics subscribed to are laid
// out as `.holdfast/notes/<topic>.md`, newest last, so that people and agents read them as text.
//
// The file is ours to append to: how many bytes of it we wrote is recorded in the same transaction as which notes those
// were, and whatever lies beyond is cut off before the next append. So a crash between writing and recording writes the
// same notes again in the same place, never a second time (HUB-09).

import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { type EntryId, notesOf, topicOf } from "../entries/index.ts";
import { createdAt, decodeName, encodeName, type Layout, readContent, type Store } from "../store/index.ts";
import type { SyncDb } from "./sync-db.ts";

const NOTES_AT_ONCE = 500;

interface TopicRow {
  readonly topic: string;
  readonly subscribed: number;
  readonly laid_bytes: number;
}

/** Subscribes to `topics`; one that is new is filled in from the start at the next sync (HUB-11). `*` means all. */
export function subscribeTopics(db: SyncDb, topics: readonly string[]): readonly string[] {
  const wanted = topics.length === 0 ? [ALL_TOPICS] : topics;
  for (const topic of wanted) if (topic !== ALL_TOPICS) notesOf(topic);
  db.transaction(() => {
    for (const topic of wanted) {
      const added = db.run(
        "INSERT INTO topics VALUES (?, 1, 0) ON CONFLICT DO UPDATE SET subscribed = 1 WHERE subscribed = 0",
        topic,
      );
      // Older notes of this topic were passed over: they are looked for again from the hub's first entry on.
      // A mark of its own each time, so that filling in another topic cannot clear it.
      if (added > 0) db.setMeta("notes_behind", randomUUID());
    }
  });
  return subscribedTopics(db);
}

/** Stands for every topic. */
export const ALL_TOPICS = "*";

export function subscribedTopics(db: SyncDb): string[] {
  return db
    .all<{ topic: string }>("SELECT topic FROM topics WHERE subscribed = 1 ORDER BY topic")
    .map(({ topic }) => topic);
}

/** True when the notes of `topic` are wanted here. */
export function isSubscribed(db: SyncDb, topic: string): boolean {
  return db.get("SELECT 1 FROM topics WHERE (topic = ? OR topic = '*') AND subscribed = 1", topic) !== undefined;
}

/** Records, inside the caller's transaction, that these notes have their place in their topic. */
export function recordNotes(
  db: SyncDb,
  notes: readonly { collection: string; entry: EntryId; sequence: number }[],
): void {
  for (const { collection, entry, sequence } of notes) {
    const topic = topicOf(collection);
    if (topic === undefined) continue;
    // A topic that is only followed through `*` has a row of its own for its file.
    db.run("INSERT OR IGNORE INTO topics VALUES (?, 0, 0)", topic);
    const added = db.run("INSERT OR IGNORE INTO topic_notes VALUES (?, ?, ?)", topic, sequence, entry);
    const isLast =
      db.get("SELECT 1 FROM topic_notes WHERE topic = ? AND sequence > ? LIMIT 1", topic, sequence) === undefined;
    // Older than what is laid out already: the file is written anew, in order.
    if (added > 0 && !isLast) db.run("UPDATE topics SET laid_bytes = 0 WHERE topic = ?", topic);
  }
}

/** Writes what is recorded and not yet laid out: what came just now, and what a crash left behind. */
export async function layOutNotes(store: Store, db: SyncDb): Promise<void> {
  const topics = db.all<TopicRow>(
    `SELECT * FROM topics WHERE topic <> '*' AND EXISTS (SELECT 1 FROM topic_notes AS notes
       WHERE notes.topic = topics.topic AND (laid_bytes = 0 OR notes.sequence >
         (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'laid:' || topics.topic)))`,
  );
  for (const row of topics) await layOutTopic(store, db, row);
}

/** The file that `topic` is laid out as. */
export function noteFile(layout: Layout, topic: string): string {
  return join(layout.notes, `${topic.split("/").map(encodeName).join("/")}.md`);
}

/** The topics whose notes lie there as files, whoever remembers them. */
export function laidOutTopics(layout: Layout): string[] {
  if (!existsSync(layout.notes)) return [];
  return readdirSync(layout.notes, { recursive: true, encoding: "utf8" }).flatMap((path) => {
    if (!path.endsWith(".md")) return [];
    const parts = path.slice(0, -".md".length).split(sep).map(decodeName);
    return parts.includes(undefined) ? [] : [parts.join("/")];
  });
}

async function layOutTopic(store: Store, db: SyncDb, row: TopicRow): Promise<void> {
  const { topic } = row;
  const laidTo = row.laid_bytes === 0 ? 0 : Number(db.meta(laidKey(topic)) ?? 0);
  let position = row.laid_bytes;
  let last = laidTo;
  for (;;) {
    const notes = db.all<{ sequence: number; entry: EntryId }>(
      "SELECT sequence, entry FROM topic_notes WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?",
      topic,
      last,
      NOTES_AT_ONCE,
    );
    if (notes.length === 0) return;
    const text = (await Promise.all(notes.map(({ entry }) => formatNote(store, entry)))).join("");
    const path = noteFile(store.layout, topic);
    mkdirSync(dirname(path), { recursive: true });
    position += appendAt(path, position, text);
    last = notes.at(-1)?.sequence ?? last;
    db.transaction(() => {
      db.run("UPDATE topics SET laid_bytes = ? WHERE topic = ?", position, topic);
      db.setMeta(laidKey(topic), String(last));
    });
  }
}

function laidKey(topic: string): string {
  return `laid:${topic}`;
}

async function formatNote(store: Store, id: EntryId): Promise<string> {
  const record = store.catalog.byEntry(id);
  if (record === undefined) return "";
  const text = (await readContent(store.layout, record)).toString("utf8");
  const { entry } = record;
  return `## ${createdAt(entry)} ${entry.author.slice(0, 8)}\n<!-- ${entry.id} ${entry.author} -->\n\n${text.endsWith("\n") ? text : `${text}\n`}\n`;
}

/** Cuts the file at `position` and writes `text` there, flushed. Returns its bytes. */
function appendAt(path: string, position: number, text: string): number {
  const bytes = Buffer.from(text);
  const fd = openSync(path, "a+");
  try {
    ftruncateSync(fd, position);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return bytes.length;
}

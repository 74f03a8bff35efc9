// A hub's storage in one data folder:
//
//   hub.db      entries, heads, small contents, tokens: the truth
//   contents/   larger contents, by hash
//   uploads/    parts of contents that have not arrived whole
//   index.db    words for search; derived, made anew when missing or damaged
//
// One process at a time serves a folder (hub-lock.ts sees to that); other processes may manage tokens (`openTokens`).

import { join } from "node:path";
import { HoldfastError, NotFoundError } from "../errors.ts";
import { makeDataFolder } from "./hub-lock.ts";
import { SqliteContents } from "./sqlite-contents.ts";
import { type DatabaseSync, openDatabase, openExisting } from "./sqlite-database.ts";
import { SqliteEntries } from "./sqlite-entries.ts";
import { SqliteTokens } from "./sqlite-tokens.ts";
import type { HubStorage, TokenStorage } from "./storage.ts";
import { SqliteTextSearch } from "./text-search.ts";

/** How often other processes' changes are looked for while somebody listens, ms. One page of shared memory each time. */
const POLL_MS = 200;

export class SqliteStorage implements HubStorage {
  readonly workspace: { readonly id: string; readonly name: string };
  readonly epoch: string;
  readonly entries: SqliteEntries;
  readonly contents: SqliteContents;
  readonly tokens: SqliteTokens;
  readonly texts: SqliteTextSearch;
  private readonly db: DatabaseSync;
  private readonly listeners = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** Throws `CORRUPT`, `FORMAT_TOO_NEW`, `DISK_FULL`, `NO_PERMISSION`, `READ_ONLY`, `NOT_A_FOLDER`. The workspace is kept
   *  when the folder is new; afterwards the folder's own counts. */
  constructor(dir: string, workspace: { readonly id: string; readonly name: string }) {
    makeDataFolder(dir);
    const path = join(dir, "hub.db");
    const { db, meta } = openDatabase(path, workspace);
    this.db = db;
    this.epoch = meta.epoch;
    this.workspace = { id: meta.workspaceId, name: meta.workspaceName };
    this.contents = new SqliteContents(db, dir);
    this.tokens = new SqliteTokens(db, path, () => this.changed());
    this.entries = new SqliteEntries(db, path, this.contents, () => {
      this.texts.wake();
      this.changed();
    });
    const idAt = db.prepare("SELECT id FROM entries WHERE sequence = ?");
    const head = db.prepare("SELECT COALESCE(MAX(sequence), 0) AS head FROM entries");
    this.texts = new SqliteTextSearch(dir, this.entries, this.contents, () => ({
      epoch: meta.epoch,
      head: Number(head.get()?.head),
      idAt: (sequence) => {
        const id = idAt.get(sequence)?.id;
        return typeof id === "string" ? id : undefined;
      },
    }));
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    this.timer ??= this.startPolling();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  /** Again, it does nothing. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    this.listeners.clear();
    await this.texts.close();
    this.db.close();
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private startPolling(): NodeJS.Timeout {
    const version = this.db.prepare("PRAGMA data_version");
    let seen = version.get()?.data_version;
    const timer = setInterval(() => {
      const now = version.get()?.data_version;
      if (now === seen) return;
      seen = now;
      this.changed();
    }, POLL_MS);
    timer.unref();
    return timer;
  }
}

/** The tokens of the hub whose data lies in `dir`, whether it runs or not. Throws `NOT_FOUND` when there is no hub. */
export function openTokens(dir: string): { tokens: TokenStorage; close: () => void } {
  const path = join(dir, "hub.db");
  try {
    const { db } = openExisting(path);
    return { tokens: new SqliteTokens(db, path, () => {}), close: () => db.close() };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code === "CORRUPT") throw error;
    throw new NotFoundError(`there is no hub in ${dir}`, {
      hint: "Name a hub's data folder with --data. The hub of a workspace is made by its first `holdfast up`, one of its own by `holdfast hub start`.",
      cause: error,
    });
  }
}

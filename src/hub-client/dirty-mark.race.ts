// The synced files' story: the push worker cleared a mark that a newer save had set, and the newer save was never sent.
// Here the shipped push worker sends one version of a document while the next one is saved: both reach the hub.

import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import type { EntryId } from "../entries/index.ts";
import { type AppendResponse, DEFAULT_LIMITS } from "../hub/protocol.ts";
import type { Layout, Store } from "../store/index.ts";
import type { HubApi } from "./hub-api.ts";
import { type PushParts, pushBatch } from "./push.ts";
import { SyncDb } from "./sync-db.ts";

/** A document's versions have no content here: marks are the same for those that have. */
const catalog = {
  entryById: (id: EntryId) => ({ id, kind: "delete", name: "doc", collection: "files", content: null, block: id }),
};
const store = { readyCatalog: async () => catalog } as unknown as Store;

/** The hub, as far as a push sees it: it takes what comes, in order. */
const api = {
  append: async (entries: readonly { block: unknown }[]): Promise<AppendResponse> => {
    for (const { block } of entries) await appendFile("/hub", `${block} `);
    return { results: entries.map(() => ({ sequence: 1 })) } as unknown as AppendResponse;
  },
} as unknown as HubApi;

function save(db: SyncDb, entry: string, arrival: number): void {
  db.run("INSERT OR IGNORE INTO unsent VALUES (?, ?, ?, ?, ?)", entry, arrival, "doc", null, 0);
}

async function push(parts: PushParts): Promise<void> {
  for (;;) {
    const { kind } = await pushBatch(parts);
    if (kind !== "sent") return;
  }
}

export default race({
  setup: () => writeFile("/hub", ""),
  processes: {
    daemon: async () => {
      const db = SyncDb.open({ syncFile: "/sync.db", locks: "/locks" } as Layout);
      const parts = { store, db, api, limits: DEFAULT_LIMITS, onAccepted: () => undefined };
      save(db, "first", 1);
      const saving = writeFile("/doc", "second").then(() => save(db, "second", 2));
      await Promise.all([push(parts), saving]);
      await push(parts); // the worker runs again after every save
    },
  },
  check: async () => assert.equal(await readFile("/hub", "utf8"), "first second "),
});

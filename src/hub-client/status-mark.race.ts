// "Done" only when the hub said so, and of the version that was asked about: a newer version is accepted while the answer
// about the older one is on its way, and must go on being waited for.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import type { EntryId } from "../entries/index.ts";
import type { Layout } from "../store/index.ts";
import type { HubApi } from "./hub-api.ts";
import { awaitDone, countAwaiting, pollStatus } from "./status-poller.ts";
import { SyncDb } from "./sync-db.ts";

const [DOC, FIRST, SECOND] = ["doc", "first", "second"] as EntryId[] as [EntryId, EntryId, EntryId];

/** The hub is done with the first version, and never with the second. */
const api = {
  documentStatus: async () => {
    const head = await readFile("/head", "utf8");
    return [{ doc: DOC, state: head === FIRST ? "done" : "indexing" }];
  },
} as unknown as HubApi;

export default race({
  setup: () => writeFile("/head", FIRST),
  processes: {
    daemon: async () => {
      const db = SyncDb.open({ syncFile: "/sync.db", locks: "/locks" } as Layout);
      awaitDone(db, DOC, FIRST);
      const pushing = writeFile("/head", SECOND).then(() => awaitDone(db, DOC, SECOND));
      await Promise.all([pollStatus(db, api), pushing]);
      await writeFile("/awaiting", String(countAwaiting(db)));
    },
  },
  check: async () => assert.equal(await readFile("/awaiting", "utf8"), "1"),
});

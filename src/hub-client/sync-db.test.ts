// sync.db, opened by several at once.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { initWorkspaceRecord } from "../store/index.ts";
import { subscribeTopics } from "./notes.ts";
import { SyncDb } from "./sync-db.ts";

test("HUB-07 two that make sync.db at the same moment make one, and neither undoes what the other recorded", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-sync-db-"));
  const { layout } = initWorkspaceRecord(folder);
  const { exec } = DatabaseSync.prototype;
  let isFirst = true;
  // The one has found that there are no tables; before it makes them, the other has made and filled them.
  DatabaseSync.prototype.exec = function (sql: string) {
    if (sql === "BEGIN IMMEDIATE" && isFirst) {
      isFirst = false;
      using other = SyncDb.open(layout);
      subscribeTopics(other, ["news"]);
    }
    return exec.call(this, sql);
  };
  try {
    using db = SyncDb.open(layout);
    assert.deepEqual(subscribeTopics(db, ["builds"]), ["builds", "news"]);
  } finally {
    DatabaseSync.prototype.exec = exec;
    rmSync(folder, { recursive: true });
  }
});

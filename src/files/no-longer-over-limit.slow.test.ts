// A file that was over the limit, and is not any more.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../hub/protocol.ts";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, World } from "./testing/two-folders.ts";

test("FILE-22 a file that was over the limit is sent once it is not", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("big", "small for now");
  await until(() => b.read("big") === "small for now", PATIENCE_MS);
  truncateSync(a.at("big"), DEFAULT_LIMITS.fileBytes + 1);
  await until(() => a.sync.status().refused.some(({ path }) => path === "big"), PATIENCE_MS);
  assert.match(a.sync.status().refused[0]?.reason ?? "", /TOO_LARGE/);
  a.write("big", "small again");
  await until(() => b.read("big") === "small again", PATIENCE_MS);
  await until(() => a.sync.status().refused.length === 0, PATIENCE_MS);
});

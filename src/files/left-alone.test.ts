import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ownerToken } from "../coordination/index.ts";
import { World } from "./testing/two-folders.ts";

test("FILE-24 what is left alone is told once, however often it is looked at, and again for another reason", async () => {
  await using world = await World.make(1);
  const { a } = world;
  await a.stop();
  symlinkSync("/etc/hostname", join(a.path, "away"));
  const told = (): string[] =>
    a.events.filter((event) => event.kind === "notice").map((event) => ("message" in event ? event.message : ""));
  const sync = await a.open();
  for (let look = 0; look < 3; look += 1) await sync.scanAll();
  assert.deepEqual(
    told().filter((message) => message.startsWith("away")),
    ["away is not synced: it links to the absolute path /etc/hostname"],
  );
  a.remove("away");
  symlinkSync("../../elsewhere", join(a.path, "away"));
  for (let look = 0; look < 3; look += 1) await sync.scanAll();
  assert.equal(told().filter((message) => message.startsWith("away")).length, 2);
});

test("FILE-10 what a killed daemon had staged is gone once the folder is kept again", async () => {
  await using world = await World.make(1);
  const { a } = world;
  await a.stop();
  // Another process had this number once.
  const dead = ownerToken().replace(/\d+$/, "1");
  const left = join(a.path, ".holdfast", "staging", `${dead}_left`, "1");
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, "content"), "half of something");
  await a.open();
  assert.ok(!existsSync(left));
});

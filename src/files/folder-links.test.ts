// Found by a hostile user, and kept found.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, World } from "./testing/two-folders.ts";

test("FILE-24 nothing is written, changed or deleted through a folder that was replaced by a link out", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const outside = mkdtempSync(join(tmpdir(), "holdfast-outside-"));
  try {
    a.write("dir/f", "one");
    a.write("dir/g", "one");
    await world.alike((tree) => tree["dir/f"] === "one" && tree["dir/g"] === "one");
    const [f, g] = [join(outside, "f"), join(outside, "g")];
    for (const path of [f, g]) writeFileSync(path, "precious");
    rmSync(b.at("dir"), { recursive: true });
    symlinkSync(outside, b.at("dir"));
    a.write("dir/f", "two");
    a.write("elsewhere", "done");
    await until(() => b.read("elsewhere") === "done", PATIENCE_MS);
    // That dir is gone at b travels, too: it may have taken dir/g from a already.
    rmSync(a.at("dir/g"), { force: true });
    a.write("dir/new", "one");
    a.write("dir/deeper/new", "one");
    a.write("elsewhere", "done again");
    await until(() => b.read("elsewhere") === "done again", PATIENCE_MS);
    assert.deepEqual([readFileSync(f, "utf8"), readFileSync(g, "utf8")], ["precious", "precious"]);
    assert.deepEqual(readdirSync(outside).sort(), ["f", "g"]);
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});

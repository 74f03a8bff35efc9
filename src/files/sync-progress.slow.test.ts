import assert from "node:assert/strict";
import { test } from "node:test";
import { World } from "./testing/two-folders.ts";

test("a long scan, sending and taking in are told with files and bytes, and as many as there are", async () => {
  await using world = await World.make(1);
  const { a } = world;
  await a.stop();
  const files = 1_500;
  for (let index = 0; index < files; index += 1) a.write(`dir/${index}`, `${index}`.padEnd(2_000, "."));
  const b = await world.add({ up: false });
  for (const folder of [a, b]) {
    const sync = await folder.open();
    await sync.syncOnce();
    await folder.stop();
  }
  const told = [...a.events, ...b.events].filter((event) => event.kind === "progress");
  for (const phase of ["scan", "push", "pull"] as const) {
    const of = told.filter((event) => event.phase === phase);
    assert.ok(of.length > 0, `${phase} is told`);
    for (const { files: done, bytes, totalFiles } of of) {
      assert.ok(done <= files && bytes <= files * 2_000, `${phase}: ${done} files, ${bytes} bytes`);
      if (totalFiles !== undefined) assert.ok(totalFiles >= done && totalFiles <= files);
    }
    assert.ok(of.some(({ bytes }) => bytes >= 2_000));
  }
});

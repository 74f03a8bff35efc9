import assert from "node:assert/strict";
import { test } from "node:test";
import { NoticedPaths } from "./noticed-paths.ts";
import type { LocalChange } from "./plan-local.ts";

function clocked() {
  let nowMs = 1_000;
  const paths = new NoticedPaths(
    () => {},
    () => nowMs,
  );
  paths.start();
  return {
    paths,
    at: (ms: number) => {
      nowMs = 1_000 + ms;
    },
  };
}

function removed(path: string): LocalChange {
  const row = { path, doc: "d", entry: "e", hash: "", type: "", mode: 0o644, file_id: "1", stamp: "" };
  return { kind: "remove", row } as unknown as LocalChange;
}

test("FILE-08 a path is due 20 ms after its last notice, at the latest after 500 ms, and then not for 500 ms", () => {
  const { paths, at } = clocked();
  paths.notice("f");
  at(19);
  assert.deepEqual([...paths.takeDue()], []);
  for (let ms = 19; ms < 500; ms += 10) {
    at(ms);
    paths.notice("f");
  }
  at(499);
  assert.deepEqual([...paths.takeDue()], []);
  at(500);
  assert.deepEqual([...paths.takeDue()], ["f"]);
  at(510);
  paths.notice("f");
  at(999);
  assert.deepEqual([...paths.takeDue()], []);
  at(1_000);
  assert.deepEqual([...paths.takeDue()], ["f"]);
  paths.stop();
});

test("FILE-17 a file that is gone is waited for: 120 ms when nothing else happens, a second at the most", () => {
  const { paths, at } = clocked();
  const looked = new Set(["a"]);
  assert.deepEqual(paths.holdBackVanished([removed("a")], looked), []);
  at(120);
  assert.deepEqual([...paths.takeDue()], ["a"]);
  assert.equal(paths.holdBackVanished([removed("a")], looked).length, 1);
  // Where something goes on happening, longer.
  assert.deepEqual(paths.holdBackVanished([removed("b")], new Set(["b"])), []);
  for (let ms = 240; ms < 1_120; ms += 120) {
    at(ms);
    paths.takeDue();
    paths.notice("other");
    assert.deepEqual(paths.holdBackVanished([removed("b")], new Set(["b"])), [], `${ms}`);
  }
  at(1_120);
  assert.equal(paths.holdBackVanished([removed("b")], new Set(["b"])).length, 1);
  assert.equal(paths.holdBackVanished([removed("c")], new Set([""])).length, 1, "the whole folder was seen");
  paths.stop();
});

test("FILE-14 a wait that ended because the file was found elsewhere does not shorten the next one at that path", () => {
  const { paths, at } = clocked();
  assert.deepEqual(paths.holdBackVanished([removed("a")], new Set(["a"])), []);
  // Found at its new place by the next look: nothing is removed.
  at(30);
  assert.deepEqual(paths.holdBackVanished([], new Set(["b"])), []);
  at(60_000);
  paths.takeAll();
  assert.deepEqual(paths.holdBackVanished([removed("a")], new Set(["a"])), [], "a new file at the same path went, too");
  paths.stop();
});

// `data verify` as people run it.

import assert from "node:assert/strict";
import { rmSync, truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { VerifyResult } from "../workspace/index.ts";
import { holdfast, holdfastJson, oneDocument, TestFolder } from "./testing/holdfast.ts";

test("STORE-30 data verify: 0 and a line where all is sound; 1, CORRUPT and every path where something is damaged", async () => {
  using folder = new TestFolder();
  const data = ["-C", folder.path, "data"];
  await holdfastJson(["init", folder.path]);
  for (const input of ["one", "two"]) await holdfastJson([...data, "put", "a"], { input });
  await holdfastJson([...data, "put", "b", "--in", "other"], { input: "three" });
  const sound = await holdfast([...data, "verify"]);
  assert.deepEqual([sound.code, sound.stdout], [0, "2 artifacts, 3 versions, 11 B checked: nothing is damaged\n"]);

  const paths = [".holdfast/data/data/a/1/content", ".holdfast/data/other/b/1/version.json"].map((path) =>
    folder.at(path),
  );
  truncateSync(paths[0] ?? "", 1);
  rmSync(paths[1] ?? "");
  const told = await holdfast(["--json", ...data, "verify"]);
  assert.equal(told.code, 1);
  const result = oneDocument(told.stdout) as VerifyResult;
  assert.deepEqual(result.damaged.map(({ path }) => path).sort(), paths);
  assert.deepEqual(result.checked, { artifacts: 2, versions: 2, bytes: 3 });
  assert.equal((oneDocument(told.stderr) as { code: string }).code, "CORRUPT");

  const shown = await holdfast([...data, "verify"]);
  assert.equal(shown.code, 1);
  for (const path of paths) assert.ok(shown.stdout.includes(`${path}: `));
  assert.match(shown.stdout, /2 damaged\n$/);
  assert.equal((await holdfast([...data, "verify", "--in", "nothing"])).code, 0);
  assert.equal((await holdfast([...data, "verify", "--in", "other"])).code, 1);
});

test("STORE-30 data verify tells of a catalog that did not say what lies on disk, and it is made anew", async () => {
  using folder = new TestFolder();
  const data = ["-C", folder.path, "data"];
  await holdfastJson(["init", folder.path]);
  await holdfastJson([...data, "put", "a"], { input: "one" });
  const before = await holdfast([...data, "list", "--json"]);
  const db = new DatabaseSync(folder.at(".holdfast/catalog.db"));
  db.exec("UPDATE newest SET version = 5, size = 9");
  db.close();
  const verified = await holdfast([...data, "verify"]);
  assert.equal(verified.code, 0);
  assert.match(verified.stdout, /catalog\.db did not say what lies on disk; it was made anew/);
  assert.match(verified.stderr, /catalog\.db\.damaged-1/);
  assert.equal((await holdfast([...data, "list", "--json"])).stdout, before.stdout);
});

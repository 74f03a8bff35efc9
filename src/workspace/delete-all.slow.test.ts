// All of a collection deleted while others write into it, and by processes that die at it.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { holdfastJson } from "../cli/testing/holdfast.ts";
import { openWorkspace } from "../index.ts";
import { inProcess, killedEverywhere, type SdkCall, TempFolder } from "./testing/killed-at.ts";

const WRITERS = 4;
const PUTS = 400;
const DELETES = 250;
/** So many of them through the command line. */
const COMMANDS = 20;

interface Deleted {
  readonly deleted: readonly { readonly name: string; readonly versions: readonly number[] }[];
}

test("STORE-01 4 writers and 250 times all of the collection deleted: no error, and no number given twice", {
  timeout: 180_000,
}, async () => {
  using folder = new TempFolder();
  await (await openWorkspace(folder.path)).close();
  const putsOf = (writer: number): SdkCall[] =>
    Array.from({ length: PUTS }, (_, n) => [
      "put",
      `${n % 3 === 0 ? "shared" : `own ${writer}`}`,
      `${writer} ${n}`,
      { collection: "c" },
    ]);
  const writers = Array.from({ length: WRITERS }, (_, writer) => inProcess(folder.path, putsOf(writer)));
  const byCommand = (async () => {
    const told: Deleted[] = [];
    for (let n = 0; n < COMMANDS; n += 1) {
      told.push(await holdfastJson<Deleted>(["-C", folder.path, "data", "delete", "--all", "--in", "c", "--force"]));
    }
    return told;
  })();
  const deleter = inProcess(
    folder.path,
    Array.from({ length: DELETES - COMMANDS }, () => ["deleteAll", { collection: "c" }] as const),
  );
  const [written, told, deleted] = await Promise.all([Promise.all(writers), byCommand, deleter]);
  const puts = written.flatMap((ended) => ended.told as { code?: string; name: string; version: number }[]);
  const deletes = [...told, ...(deleted.told as (Deleted & { code?: string })[])];
  assert.deepEqual(
    [...puts, ...deletes].filter((each) => "code" in each),
    [],
  );
  assert.deepEqual([puts.length, deletes.length], [WRITERS * PUTS, DELETES]);
  const given = puts.map(({ name, version }) => `${name} ${version}`);
  assert.equal(new Set(given).size, given.length, "no number was given twice");
  // Whatever was put is gone by exactly one of the deletes, or is there.
  const gone = deletes.flatMap((each) =>
    each.deleted.flatMap(({ name, versions }) => versions.map((v) => `${name} ${v}`)),
  );
  assert.ok(deletes.filter((each) => each.deleted.length > 0).length > 20, "deletes met writers");
  await using workspace = await openWorkspace(folder.path);
  const left = await Promise.all(
    (await workspace.list({ collection: "c" })).artifacts.map(async ({ name }) =>
      (await workspace.versions(name, { collection: "c" })).versions.map(({ version }) => `${name} ${version}`),
    ),
  );
  assert.deepEqual([...gone, ...left.flat()].sort(), given.sort());
});

test("STORE-23 a delete of all, killed before any change that it makes: all is there or nothing, once anybody writes", async () => {
  const deaths = await killedEverywhere(
    async (workspace) => {
      for (const text of ["one", "two"]) await workspace.put("a", text);
      await workspace.put("b", "three");
    },
    ["deleteAll", { collection: "data" }],
    async (folder, { at, wasTold }) => {
      await using workspace = await openWorkspace(folder.path);
      await workspace.put("later", "of somebody else");
      const names = (await workspace.list()).artifacts.map(({ name, version }) => `${name} ${version}`);
      const isGone = !names.includes("a 2");
      assert.deepEqual(names, isGone ? ["later 1"] : ["a 2", "b 1", "later 1"], `killed at ${at}`);
      assert.ok(isGone || !wasTold, `killed at ${at}: it was told as done`);
      assert.equal((await workspace.put("a", "again")).version, 3, `killed at ${at}: no number is given twice`);
      assert.equal((await workspace.put("b", "again")).version, 2, `killed at ${at}: no number is given twice`);
      assert.ok(!existsSync(folder.at(".holdfast/data/data/.deleted/.all")));
      const trash = folder.at(".holdfast/trash");
      assert.deepEqual(existsSync(trash) ? readdirSync(trash) : [], [], `killed at ${at}`);
    },
  );
  assert.ok(deaths > 15, `only ${deaths} changes were met`);
});

// The data verbs through the command line, each command a process of its own.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { holdfast, holdfastFailure, holdfastJson, TestFolder } from "./testing/holdfast.ts";

interface Put {
  readonly version: number;
  readonly hash: string;
  readonly entry: string;
}

test("STORE-20 ten processes saving one artifact at once give ten versions, each whole", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const contents = Array.from({ length: 10 }, (_, index) => `${index} `.repeat(20_000));
  const puts = await Promise.all(
    contents.map((input) => holdfastJson<Put>(["-C", folder.path, "data", "put", "shared"], { input })),
  );
  assert.deepEqual(
    puts.map((put) => put.version).sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  for (const [index, put] of puts.entries()) {
    const got = await holdfast(["-C", folder.path, "data", "get", "shared", "--version", String(put.version)]);
    assert.equal(got.stdout, contents[index]);
  }
});

test("STORE-21 a version number is never given again, also after deleting the newest, or all", async () => {
  using folder = new TestFolder();
  const run = <T>(...args: string[]): Promise<T> =>
    holdfastJson<T>(["-C", folder.path, "data", ...args], { input: "x" });
  await holdfastJson(["init", folder.path]);
  for (const version of [1, 2, 3]) assert.equal((await run<Put>("put", "a")).version, version);
  assert.deepEqual(await run("delete", "a", "--version", "3"), { collection: "data", name: "a", deleted: [3] });
  assert.equal((await run<Put>("put", "a")).version, 4);
  assert.deepEqual(await run("delete", "a"), { collection: "data", name: "a", deleted: [1, 2, 4] });
  assert.equal((await run<Put>("put", "a")).version, 5);
});

test("STORE-24 a missing artifact is NOT_FOUND, and a missing version names those that exist", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = ["-C", folder.path, "data"];
  for (const verb of ["get", "versions", "delete"]) {
    const failure = await holdfastFailure([...data, verb, "nothing"]);
    assert.deepEqual([failure.code, failure.exitCode], ["NOT_FOUND", 1]);
  }
  for (const input of ["1", "2", "3"]) await holdfastJson([...data, "put", "a"], { input });
  await holdfastJson([...data, "delete", "a", "--version", "2"]);
  const failure = await holdfastFailure([...data, "get", "a", "--version", "2"]);
  assert.equal(failure.code, "NOT_FOUND");
  assert.match(failure.error, /has no version 2; it has 1, 3/);
  assert.equal((await holdfastFailure([...data, "delete", "a", "--version", "9"])).code, "NOT_FOUND");
});

test("STORE-25 deleting a middle version leaves the newest; deleting the newest makes the next lower one newest", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = ["-C", folder.path, "data"];
  for (const input of ["one", "two", "three"]) await holdfastJson([...data, "put", "a"], { input });
  await holdfastJson([...data, "delete", "a", "--version", "2"]);
  assert.equal((await holdfast([...data, "get", "a"])).stdout, "three");
  await holdfastJson([...data, "delete", "a", "--version", "3"]);
  assert.equal((await holdfast([...data, "get", "a"])).stdout, "one");
  const { versions } = await holdfastJson<{ versions: { version: number; latest: boolean }[] }>([
    ...data,
    "versions",
    "a",
  ]);
  assert.deepEqual(
    versions.map(({ version, latest }) => [version, latest]),
    [[1, true]],
  );
  assert.equal(readFileSync(folder.at(".holdfast/data/data/a/latest"), "utf8"), "1");
});

const REFUSED = [
  "latest",
  "LATEST",
  "LaTeSt",
  "a/latest",
  "..",
  "a/../b",
  "/etc/passwd",
  "",
  ".",
  "a//b",
  "x".repeat(1_025),
  "é".repeat(513),
];
const ACCEPTED = [
  "a/b/c",
  "with space",
  "100%",
  "%2F",
  "👩‍👩‍👧",
  "dot.",
  "...",
  "12",
  "Case",
  "case",
  "caf\u00e9",
  "cafe\u0301",
  "-dash",
  "latest.txt",
  "line\nbreak",
  "x".repeat(1_024),
  "~tilde",
  "name",
  ".deleted",
];

test("STORE-27 refused names are BAD_NAME; hard names come back byte for byte", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const { openWorkspace } = await import("../index.ts");
  await using workspace = await openWorkspace(folder.path);
  for (const name of [...REFUSED, "nul\0", "lone \ud800 surrogate"]) {
    await assert.rejects(workspace.put(name, "x"), { code: "BAD_NAME" }, JSON.stringify(name.slice(0, 40)));
    await assert.rejects(workspace.get(name), { code: "BAD_NAME" });
    await assert.rejects(workspace.put("fine", "x", { collection: name }), { code: "BAD_NAME" });
  }
  for (const name of ACCEPTED) await workspace.put(name, `content of ${name}`);
  for (const name of ACCEPTED) {
    assert.equal(Buffer.from((await workspace.get(name)).content).toString(), `content of ${name}`);
  }
  const { artifacts } = await workspace.list();
  assert.deepEqual(artifacts.map(({ name }) => name).sort(), [...ACCEPTED].sort());

  // The same through the command line, where it can take such a name.
  const failure = await holdfastFailure(["-C", folder.path, "data", "put", "--", "a/../b"], { input: "x" });
  assert.deepEqual([failure.code, failure.exitCode], ["BAD_NAME", 1]);
  for (const name of ["👩‍👩‍👧", "-dash", "line\nbreak", "cafe\u0301"]) {
    assert.equal((await holdfast(["-C", folder.path, "data", "get", "--", name])).stdout, `content of ${name}`);
  }
});

test("binary content comes back byte for byte, through stdout and through --out", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = ["-C", folder.path, "data"];
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7_919) % 256));
  await holdfastJson([...data, "put", "a"], { input: bytes });
  assert.ok((await holdfast([...data, "get", "a"])).bytes.equals(bytes));
  writeFileSync(folder.at("out"), "older");
  const got = await holdfastJson<{ out: string; size: number }>([...data, "get", "a", "--out", "out"], {
    cwd: folder.path,
  });
  assert.deepEqual([got.out, got.size], [folder.at("out"), bytes.length]);
  assert.ok(readFileSync(folder.at("out")).equals(bytes));
  assert.deepEqual(readdirSync(folder.path).sort(), [".holdfast", "out"]);
});

test("data get --out leaves an existing file as it is when the version is damaged, and no debris", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = ["-C", folder.path, "data"];
  await holdfastJson([...data, "put", "a"], { input: "good" });
  writeFileSync(folder.at(".holdfast/data/data/a/1/content"), "baad");
  writeFileSync(folder.at("out"), "older");
  const failure = await holdfastFailure([...data, "get", "a", "--out", folder.at("out")]);
  assert.equal(failure.code, "CORRUPT");
  assert.match(failure.error, /data\/data\/a\/1\/content/);
  assert.equal(readFileSync(folder.at("out"), "utf8"), "older");
  assert.deepEqual(readdirSync(folder.path).sort(), [".holdfast", "out"]);
  assert.equal((await holdfastFailure([...data, "get", "a"])).code, "CORRUPT");
});

test("an artifact of another owner is refused and unchanged, unless --force says so", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = ["-C", folder.path, "data"];
  await holdfastJson([...data, "put", "a", "--tag", "owner=ann"], { input: "hers" });
  const failure = await holdfastFailure([...data, "put", "a", "--tag", "owner=bob"], { input: "his" });
  assert.equal(failure.code, "NOT_OWNER");
  assert.equal((await holdfast([...data, "get", "a"])).stdout, "hers");
  assert.equal((await holdfastJson<Put>([...data, "put", "a", "--force"], { input: "his" })).version, 2);
});

test("the folder's own collection is not written behind the folder's back", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const put = await holdfastFailure(["-C", folder.path, "data", "put", "a", "--in", "files"], { input: "x" });
  assert.deepEqual([put.code, put.exitCode], ["USAGE", 2]);
  const deleted = await holdfastFailure(["-C", folder.path, "data", "delete", "a", "--in", "files"]);
  assert.deepEqual([deleted.code, deleted.exitCode], ["USAGE", 2]);
  assert.match(deleted.hint, /delete the file in the folder/);
});

test("a version is named by its number, its entry id, or the start of one", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = ["-C", folder.path, "data"];
  const first = await holdfastJson<Put>([...data, "put", "a"], { input: "one" });
  const second = await holdfastJson<Put>([...data, "put", "a"], { input: "two" });
  assert.equal((await holdfast([...data, "get", "a", "--version", first.entry])).stdout, "one");
  assert.equal((await holdfast([...data, "get", "a", "--version", second.entry.slice(0, 30)])).stdout, "two");
  const failure = await holdfastFailure([...data, "get", "a", "--version", "bafyrei"]);
  assert.match(failure.error, /starts the ids of 2 versions/);
});

test("commands work in the nearest workspace above, and say so when there is none", async () => {
  using folder = new TestFolder();
  const failure = await holdfastFailure(["data", "list"], { cwd: folder.path });
  assert.equal(failure.code, "NO_WORKSPACE");
  assert.ok(!existsSync(folder.at(".holdfast")), "a command that fails makes no workspace");
  await holdfastJson(["init"], { cwd: folder.path });
  await holdfastJson(["-C", folder.path, "data", "put", "a"], { input: "x" });
  const below = folder.at(".holdfast/data");
  assert.equal((await holdfast(["data", "get", "a"], { cwd: below })).stdout, "x");
});

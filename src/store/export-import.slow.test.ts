// `data export` and `data import`: what comes out is what went in, with its numbers and times; other tools read the archive;
// a cut, damaged or hostile one leaves nothing half-done and writes nothing outside.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { packTar, type TarHeader } from "modern-tar";
import type { Artifacts } from "../workspace/artifacts.ts";
import { encodeName } from "./layout.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

const HAS_TAR = spawnSync("tar", ["--version"]).status === 0;
const NAMES = ["a", "docs/ä b%.txt", "10", "A", `${"long ".repeat(50)}.`, "emoji 🎉 ends with a dot."];

async function filled(store: TemporaryStore, collection = "data"): Promise<Artifacts> {
  const artifacts = store.artifacts();
  for (const [index, name] of NAMES.entries()) {
    for (let n = 1; n <= 4; n += 1) {
      await artifacts.put(name, `${name} ${n} `.repeat(index * 300 + n), { collection, tags: { n: `${n}` } });
    }
  }
  await artifacts.put("empty", "", { collection });
  await artifacts.delete("a", { collection, version: 2 });
  await artifacts.delete("10", { collection, version: 4 });
  await artifacts.put("old name", "renamed", { collection });
  await artifacts.rename("old name", "new name", { collection });
  for (const text of ["x", "y"]) await artifacts.put("gone", text, { collection });
  await artifacts.delete("gone", { collection });
  return artifacts;
}

async function bytesOf(artifacts: Artifacts, collection = "data"): Promise<Buffer> {
  const { archive } = await artifacts.export({ collection });
  const pieces: Uint8Array[] = [];
  for await (const piece of archive) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  // As the command reads a file: all pieces in one buffer.
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}

/** Everything that the data verbs tell of a collection. */
async function toldOf(artifacts: Artifacts, collection = "data"): Promise<unknown> {
  const { artifacts: rows } = await artifacts.list({ collection });
  const versions = await Promise.all(rows.map(({ name }) => artifacts.versions(name, { collection })));
  const contents = await Promise.all(
    rows.flatMap(({ name }, index) =>
      (versions[index]?.versions ?? []).map(async ({ version }) => {
        const { content, ...info } = await artifacts.get(name, { collection, version });
        return [info, Buffer.from(content).toString()];
      }),
    ),
  );
  return { rows, versions, contents };
}

test("what was exported comes in as it was, with numbers, times and entries, and no number is given again", async () => {
  using from = new TemporaryStore();
  using to = new TemporaryStore();
  const [source, target] = [await filled(from, "c/d"), to.artifacts()];
  const archive = await bytesOf(source, "c/d");
  const counts = await target.import(inPieces(archive), { collection: "c/d" });
  assert.deepEqual(counts, { ...counts, collection: "c/d", artifacts: 8, versions: 24, skipped: 0 });
  assert.deepEqual(await toldOf(target, "c/d"), await toldOf(source, "c/d"));
  for (const name of [...NAMES, "gone"]) {
    const [here, there] = [
      await source.put(name, "next", { collection: "c/d" }),
      await target.put(name, "next", { collection: "c/d" }),
    ];
    assert.equal(there.version, here.version, name);
  }
  assert.deepEqual((await to.artifacts().verify()).damaged, []);
  assert.equal((await to.artifacts().verify()).catalog, "agrees");
});

test("what is here already is skipped; what came here meanwhile keeps its number, and the rest comes after it", async () => {
  using from = new TemporaryStore();
  using to = new TemporaryStore();
  const [source, target] = [from.artifacts(), to.artifacts()];
  for (const text of ["1", "2"]) await source.put("a", text);
  const early = await bytesOf(source);
  assert.equal((await target.import(inPieces(early))).versions, 2);
  assert.deepEqual(await target.import(inPieces(early)), {
    collection: "data",
    artifacts: 1,
    versions: 0,
    skipped: 2,
    bytes: 0,
  });
  await target.put("a", "of the target");
  await source.put("a", "3");
  assert.deepEqual(await target.import(inPieces(await bytesOf(source))), {
    collection: "data",
    artifacts: 1,
    versions: 1,
    skipped: 2,
    bytes: 1,
  });
  const contents = await Promise.all(
    [1, 2, 3, 4].map(async (version) => String(Buffer.from((await target.get("a", { version })).content))),
  );
  assert.deepEqual(contents, ["1", "2", "of the target", "3"]);
});

test("tar reads the archive, and what tar packs again comes in as well", {
  skip: HAS_TAR ? false : "there is no tar here",
}, async () => {
  using from = new TemporaryStore();
  using to = new TemporaryStore();
  const source = await filled(from);
  writeFileSync(from.at("c.tar"), await bytesOf(source));
  const out = from.at("out");
  mkdirSync(out);
  assert.equal(spawnSync("tar", ["xf", from.at("c.tar"), "-C", out]).stderr.toString(), "");
  for (const name of NAMES) {
    const { content, createdAt } = await source.get(name, { version: 3 });
    const file = `${out}/data/${encodeName(name)}/3/content`;
    assert.ok(readFileSync(file).equals(content));
    const listed = execFileSync("tar", [
      "tvf",
      from.at("c.tar"),
      "--utc",
      `data/${encodeName(name)}/3/content`,
    ]).toString();
    assert.ok(listed.includes(createdAt.slice(0, 16).replace("T", " ")), listed);
  }
  for (const args of [
    ["cf", from.at("2.tar"), "-C", out, "."],
    ["cf", from.at("3.tar"), "--format=pax", "-C", from.data(), "data"],
  ]) {
    execFileSync("tar", args);
    using again = new TemporaryStore();
    await again.artifacts().import(inPieces(readFileSync(args[1] ?? ""), 4_096));
    assert.deepEqual(await toldOf(again.artifacts()), await toldOf(source));
    assert.equal((await again.artifacts().put("gone", "x")).version, 3);
  }
  await to.artifacts().list();
});

test("a cut archive is CORRUPT with its place; the artifacts before the cut are here whole, and the rest comes later", async () => {
  using from = new TemporaryStore();
  const source = await filled(from);
  const archive = await bytesOf(source);
  const whole = await toldOf(source);
  for (let cut = 0; cut < archive.length - 512; cut += Math.ceil(archive.length / 6 / 256) * 256) {
    using to = new TemporaryStore();
    const target = to.artifacts();
    await assert.rejects(target.import(inPieces(archive.subarray(0, cut))), (error: Error & { code?: string }) => {
      assert.equal(error.code, "CORRUPT", String(error));
      assert.match(error.message, /^the archive is damaged at /);
      return true;
    });
    for (const { name } of (await target.list()).artifacts) {
      assert.deepEqual(await target.versions(name), await source.versions(name));
    }
    assert.deepEqual((await target.verify()).damaged, []);
    await target.import(inPieces(archive));
    assert.deepEqual(await toldOf(target), whole);
  }
});

test("a bit that is flipped anywhere is found before anything of its artifact is visible", async () => {
  using from = new TemporaryStore();
  const source = from.artifacts();
  for (const name of ["a", "b"]) for (const text of ["one", "two"]) await source.put(name, text);
  await source.delete("b", { version: 2 });
  const archive = await bytesOf(source);
  const whole = await toldOf(source);
  let found = 0;
  for (let at = 3; at < archive.length; at += 397) {
    using to = new TemporaryStore();
    const flipped = Buffer.from(archive);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    const target = to.artifacts();
    const isIn = await target.import(inPieces(flipped)).then(
      () => true,
      (error: { code?: string }) => {
        assert.equal(error.code, "CORRUPT", `${at}: ${error}`);
        return false;
      },
    );
    if (!isIn) found += 1;
    assert.deepEqual((await target.verify()).damaged, []);
    if (isIn) assert.deepEqual(await toldOf(target), whole, `${at}`);
    for (const { name } of (await target.list()).artifacts)
      assert.deepEqual(await target.versions(name), await source.versions(name));
  }
  assert.ok(found > 10, `${found} found`);
});

test("STORE-28 paths that lead out, links, and files that no export writes are refused, and nothing is written outside", async () => {
  using from = new TemporaryStore();
  const source = from.artifacts();
  await source.put("a", "one");
  const json = readFileSync(from.data("data/a/1/version.json"), "utf8");
  const good = [
    { header: { name: "data/a/1/version.json", size: json.length }, body: json },
    { header: { name: "data/a/1/content", size: 3 }, body: "one" },
  ];
  const bad: Partial<TarHeader>[] = [
    { name: "../x/1/content" },
    { name: "data/../../1/content" },
    { name: "/data/b/1/content" },
    { name: "data/b/../content" },
    { name: "data/..", type: "directory" },
    { name: "data/b/1/content", type: "symlink", linkname: "/etc/passwd" },
    { name: "data/b/1", type: "symlink", linkname: "../../.." },
    { name: "data/b/1/content", type: "link", linkname: "data/a/1/content" },
    { name: "data/b/1/content", type: "fifo" },
    { name: "data/b/1/other" },
    { name: "data/b/x/content" },
    { name: "other/b/1/content" },
    { name: "data/b/1/content" },
    { name: "data/a/9999999999999999/content" },
    { name: "data/.deleted/../../x.json" },
    { name: "data/.deleted/b.json" },
  ];
  for (const header of bad) {
    using to = new TemporaryStore();
    const target = to.artifacts();
    const before = readdirSync(to.folder);
    const archive = await packTar([...good, { header: { size: 0, ...header, name: header.name ?? "" } }]);
    await assert.rejects(target.import(inPieces(archive)), { code: "CORRUPT" }, header.name);
    assert.deepEqual(readdirSync(to.folder), before);
    const collections = existsSync(to.data()) ? readdirSync(to.data()) : [];
    assert.deepEqual(collections, (await target.list()).artifacts.length === 0 ? [] : ["data"]);
    assert.deepEqual((await target.verify()).damaged, []);
  }
});

test("an archive of another collection, of the folder itself, or of an artifact of somebody else is refused", async () => {
  using from = new TemporaryStore();
  using to = new TemporaryStore();
  const [source, target] = [from.artifacts(), to.artifacts()];
  await source.put("a", "one", { tags: { owner: "ann" } });
  const archive = await bytesOf(source);
  await assert.rejects(target.import(inPieces(archive), { collection: "other" }), { code: "BAD_OPTION" });
  await target.put("a", "bob's", { tags: { owner: "bob" } });
  await assert.rejects(target.import(inPieces(archive)), { code: "NOT_OWNER" });
  assert.equal((await target.versions("a")).versions.length, 1);
  await assert.rejects(target.import(inPieces(new Uint8Array(0))), { code: "CORRUPT" });
  await assert.rejects(bytesOf(target, "nothing"), { code: "NOT_FOUND" });
});

test("STORE-30 a damaged version ends an export with its path, and its bytes are not given out", async () => {
  using from = new TemporaryStore();
  const source = await filled(from);
  truncateSync(from.data("data/A/2/content"), 3);
  await assert.rejects(bytesOf(source), { code: "CORRUPT", details: { path: from.data("data/A/2/content") } });
});

// A sync whose connection breaks in the middle of what it carries, again and again, until all is here.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { SampleAuthor } from "../hub/testing/sample-author.ts";
import { HubApi } from "../hub-client/index.ts";
import { openWorkspace } from "../index.ts";
import { CuttingProxy } from "./testing/cutting-proxy.ts";
import { holdfast, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";
import { differences, picture } from "./testing/picture.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const NOTES = 1_400;
const BATCH = 350;
const FILE_MIB = 3;

interface Status {
  readonly cursor: number;
  readonly lag: number;
}

test("HUB-14 a transfer cut in pages and in contents goes on from the cursor: nothing twice, nothing missed, in order", {
  timeout: 120_000,
}, async () => {
  using folder = new TestFolder();
  await using hub = new Running(["--json", "hub", "start", "--data", folder.at("hub"), "--port", "0"]);
  const { url, adminToken: token } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  await using proxy = await CuttingProxy.open(url);
  const [author, copy] = [folder.at("author"), folder.at("copy")];
  for (const each of [author, copy]) mkdirSync(each);
  {
    await using workspace = await openWorkspace(copy, { hub: proxy.url, token });
    await workspace.subscribe(["news"]);
    await workspace.sync();
  }
  // Several pages of notes, and between them files whose contents come by themselves.
  await using saving = await openWorkspace(author, { hub: url, token });
  const writer = new SampleAuthor("writer");
  const api = new HubApi({ url, token });
  await api.registerKey(writer.identity);
  for (let n = 0; n < NOTES; n += BATCH) {
    const notes = Array.from({ length: BATCH }, (_, index) => writer.note("news", `note ${n + index}`));
    await api.append(notes.map(({ entry, content }) => ({ block: entry.block, content: content ?? Buffer.of() })));
    writeFileSync(`${author}/large ${n}`, randomBytes(FILE_MIB * MIB));
    writeFileSync(`${author}/small ${n}`, `${n}\n`);
    await saving.sync();
  }
  const { sequence } = await api.workspace();
  const wanted = picture(author, { without: (path) => path === ".holdfast" });
  const noteFile = `${copy}/.holdfast/notes/news.md`;
  const notesHere = (): number[] => {
    const found = readNotes(noteFile);
    assert.deepEqual(
      found,
      Array.from({ length: found.length }, (_, index) => index),
      "from the first on, each once, in order",
    );
    return found;
  };

  const cursors = [0];
  for (let attempt = 0; ; attempt += 1) {
    assert.ok(attempt < 40, "it gets ahead");
    const before = cursors.at(-1) ?? 0;
    proxy.requests.length = 0;
    // Cut sooner or later: in the first answers, in a page, in a content.
    proxy.left = [700, 60 * KIB, 5 * MIB, 1 * MIB, 8 * MIB][attempt % 5] ?? MIB;
    const cuts = proxy.cuts;
    const done = await holdfast(["--json", "-C", copy, "sync"]);
    proxy.left = Number.POSITIVE_INFINITY;
    const asked = proxy.requests.flatMap((target) => /\/v1\/entries\?since=(\d+)/.exec(target)?.[1] ?? []).map(Number);
    for (const [index, since] of asked.entries()) {
      if (index === 0) assert.equal(since, before, "it goes on from the cursor");
      assert.ok(since >= before);
    }
    if (done.code === 0) break;
    assert.deepEqual(
      [done.code, (JSON.parse(done.stderr) as { code: string }).code],
      [1, "HUB_UNREACHABLE"],
      done.stderr,
    );
    assert.equal(proxy.cuts > cuts, true);
    const { cursor, lag } = await holdfastJson<Status>(["-C", copy, "status"]);
    assert.ok(cursor >= before && cursor + lag === sequence);
    cursors.push(cursor);
    notesHere();
  }
  assert.ok(proxy.cuts >= 5 && new Set(cursors).size >= 2, `${proxy.cuts} cuts, at ${cursors}`);

  assert.equal(notesHere().length, NOTES);
  assert.deepEqual(differences(wanted, picture(copy, { without: (path) => path === ".holdfast" })), []);
  const status = await holdfastJson<Status>(["-C", copy, "status"]);
  assert.deepEqual([status.cursor, status.lag], [sequence, 0]);
  await using workspace = await openWorkspace(copy);
  for (const collection of ["files", "notes/news"]) {
    const { artifacts } = await workspace.list({ collection });
    assert.equal(artifacts.length, collection === "files" ? Object.keys(wanted).length : NOTES);
    assert.ok(
      artifacts.every(({ version }) => version === 1),
      "one version each",
    );
  }
  assert.deepEqual(await workspace.sync(), { pulled: 0, pushed: 0, sequence });
});

test("HUB-14 contents that came whole before a cut are not fetched again: a page larger than a connection lasts gets ahead", {
  timeout: 60_000,
}, async () => {
  using folder = new TestFolder();
  await using hub = new Running(["--json", "hub", "start", "--data", folder.at("hub"), "--port", "0"]);
  const { url, adminToken: token } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  await using proxy = await CuttingProxy.open(url);
  const [author, copy] = [folder.at("author"), folder.at("copy")];
  for (const each of [author, copy]) mkdirSync(each);
  await using saving = await openWorkspace(author, { hub: url, token });
  for (let n = 0; n < 8; n += 1) writeFileSync(`${author}/large ${n}`, randomBytes(FILE_MIB * MIB));
  await saving.sync();
  await (await openWorkspace(copy, { hub: proxy.url, token })).close();
  for (let attempt = 0; ; attempt += 1) {
    assert.ok(attempt < 8, "it gets ahead");
    proxy.left = 2.5 * FILE_MIB * MIB; // two files and a half
    if ((await holdfast(["-C", copy, "sync"])).code === 0) break;
  }
  const fetched = proxy.requests.filter((target) => /^GET \/v1\/contents\/\S+$/.test(target));
  assert.ok(
    proxy.cuts >= 3 && fetched.length === 8 + proxy.cuts,
    `8 files, ${proxy.cuts} cuts: ${fetched.length} requests from the start`,
  );
  const without = (path: string): boolean => path === ".holdfast";
  assert.deepEqual(differences(picture(author, { without }), picture(copy, { without })), []);
});

test("HUB-14 a content cut on its way goes on where it broke off, in the same sync", { timeout: 60_000 }, async () => {
  using folder = new TestFolder();
  await using hub = new Running(["--json", "hub", "start", "--data", folder.at("hub"), "--port", "0"]);
  const { url, adminToken: token } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  await using proxy = await CuttingProxy.open(url);
  const [author, copy] = [folder.at("author"), folder.at("copy")];
  for (const each of [author, copy]) mkdirSync(each);
  await using saving = await openWorkspace(author, { hub: url, token });
  const bytes = randomBytes(20 * MIB);
  writeFileSync(`${author}/large`, bytes);
  await saving.sync();
  await using workspace = await openWorkspace(copy, { hub: proxy.url, token });
  proxy.leftAfterCut = 4 * MIB;
  proxy.left = proxy.leftAfterCut;
  assert.deepEqual(await workspace.sync(), { pulled: 1, pushed: 0, sequence: 1 });
  assert.ok(readFileSync(`${copy}/large`).equals(bytes));
  const ranges = proxy.requests.flatMap((target) => /^GET \/v1\/contents\/\S+ bytes=(\d+)-$/.exec(target)?.[1] ?? []);
  assert.ok(ranges.length >= 4 && ranges.length === proxy.cuts, `${proxy.cuts} cuts, then from ${ranges}`);
  assert.deepEqual(
    ranges,
    [...new Set(ranges)].toSorted((x, y) => Number(x) - Number(y)),
    "each time further on",
  );
  assert.ok(proxy.bytes < 1.5 * bytes.length, `${proxy.bytes} bytes for ${bytes.length}`);
});

function readNotes(path: string): number[] {
  try {
    return [...readFileSync(path, "utf8").matchAll(/^note (\d+)$/gm)].map(([, n]) => Number(n));
  } catch {
    return [];
  }
}

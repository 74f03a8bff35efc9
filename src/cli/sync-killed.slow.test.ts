// A sync that is killed between laying something out and saving that it did.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openWorkspace } from "../index.ts";
import { holdfast, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";
import { type KillPoint, killedAt } from "./testing/killed-at.ts";
import { differences, picture } from "./testing/picture.ts";

/** Point by point, and at which time of coming to it: with several notes and files, before and after some are done. */
const KILLS: readonly (readonly [KillPoint, number])[] = [
  ["cursorBeforeSave", 1],
  ["noteHalfWritten", 1],
  ["noteWritten", 1],
  ["noteHalfWritten", 2],
  ["noteWritten", 2],
  ["fileLaidOut", 1],
  ["fileLaidOut", 3],
  ["fileLaidOut", 2],
  ["fileAside", 2],
  ["versionPublished", 2],
];

/** The folder and its notes; our databases, locks and staging aside. */
const shown = (folder: string): Record<string, string> =>
  picture(folder, { without: (path) => /^\.holdfast\/(?!notes)[^/]+/.test(path) });

/** Every version here, by artifact and in order, as the entry that it is. */
async function versionsIn(folder: string): Promise<Record<string, string[]>> {
  await using workspace = await openWorkspace(folder);
  const found: Record<string, string[]> = {};
  for (const collection of ["files", "notes/news", "notes/team/builds"]) {
    for (const { name } of (await workspace.list({ collection })).artifacts) {
      const { versions } = await workspace.versions(name, { collection });
      found[`${collection} ${name}`] = versions.map(({ entry }) => entry);
    }
  }
  return found;
}

test("HUB-09 killed between laying out an entry and saving the cursor: after the next sync nothing is doubled, in notes or versions", {
  timeout: 120_000,
}, async () => {
  using folder = new TestFolder();
  await using hub = new Running(["--json", "hub", "start", "--data", folder.at("hub"), "--port", "0"]);
  const { url, adminToken: token } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  const opened = async (name: string): ReturnType<typeof openWorkspace> => {
    mkdirSync(folder.at(name));
    return openWorkspace(folder.at(name), { hub: url, token });
  };
  await using author = await opened("author");
  const publishAndSave = async (round: number): Promise<void> => {
    for (let n = 0; n < 4; n += 1) {
      await author.publish("news", `news ${round}.${n}`);
      await author.publish("team/builds", `build ${round}.${n}`);
      writeFileSync(folder.at("author", `new ${round}.${n}`), `${n} of round ${round}\n`);
      writeFileSync(folder.at("author", `same ${n}`), `in round ${round}\n`);
    }
    await author.sync();
  };
  await publishAndSave(1);
  const names = KILLS.map(([point, nth]) => `${point} ${nth}`);
  for (const name of [...names, "whole"]) {
    await using workspace = await opened(name);
    await workspace.subscribe();
    // One half is killed while it has nothing yet, the other while it has the first round laid out.
    if (names.indexOf(name) % 2 === 0) await workspace.sync();
  }
  await publishAndSave(2);
  const { sequence } = await holdfastJson<{ sequence: number }>(["-C", folder.at("whole"), "sync"]);
  const [wanted, versions] = [shown(folder.at("whole")), await versionsIn(folder.at("whole"))];
  assert.equal(readFileSync(folder.at("whole/.holdfast/notes/news.md"), "utf8").match(/^news \d/gm)?.length, 8);

  for (const [index, [point, nth]] of KILLS.entries()) {
    const name = names[index] ?? "";
    const sync = ["-C", folder.at(name), "sync"];
    // With --json no progress is told, however long it takes: what is on stderr went wrong.
    const killed = await holdfast(["--json", ...sync], { env: killedAt(point, nth) });
    assert.deepEqual([killed.signal, killed.stderr], ["SIGKILL", ""], `${name} is a point that a sync comes to`);
    const next = await holdfastJson<{ pushed: number; sequence: number }>(sync);
    assert.deepEqual(
      [next.pushed, next.sequence],
      [0, sequence],
      `${name}: all is here, and nothing is taken for a save`,
    );
    assert.deepEqual(differences(wanted, shown(folder.at(name))), [], `${name}: folder and notes`);
    assert.deepEqual(await versionsIn(folder.at(name)), versions, `${name}: versions`);
    assert.deepEqual(await holdfastJson(sync), { pulled: 0, pushed: 0, sequence });
  }
});

test("FILE-10 killed between publishing a save and the catalog: the next sync sends it, once", {
  timeout: 60_000,
}, async () => {
  using folder = new TestFolder();
  await using hub = new Running(["--json", "hub", "start", "--data", folder.at("hub"), "--port", "0"]);
  const { url, adminToken: token } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  mkdirSync(folder.at("author"));
  await using _ = await openWorkspace(folder.at("author"), { hub: url, token });
  const sync = ["-C", folder.at("author"), "sync"];
  writeFileSync(folder.at("author", "known"), "one\n");
  await holdfastJson(sync);
  // Of a batch of three, the first two have their names: one that is new, one that is a new version.
  for (const name of ["known", "new", "third"]) writeFileSync(folder.at("author", name), `two, of ${name}\n`);
  const killed = await holdfast(["--json", ...sync], { env: killedAt("versionPublished", 2) });
  assert.deepEqual([killed.signal, killed.stderr], ["SIGKILL", ""]);
  const next = await holdfastJson<{ pushed: number; sequence: number }>(sync);
  assert.deepEqual([next.pushed, next.sequence], [3, 4]);
  const versions = await versionsIn(folder.at("author"));
  assert.deepEqual(
    Object.entries(versions).map(([name, ids]) => [name, ids.length]),
    [
      ["files known", 2],
      ["files new", 1],
      ["files third", 1],
    ],
  );
});

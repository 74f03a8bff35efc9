// A rename that is killed at any effect, that somebody reads or writes beside, or whose lock is taken from it: afterwards all
// versions are there under one name, the old name leads to it, and whoever comes next finishes what was begun.

import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { race } from "holdfast/explorer";
import { DEFAULT_COLLECTION } from "../../entries/index.ts";
import { openVersion } from "../../workspace/read-version.ts";
import { openWorkspaceRecord } from "../index.ts";
import { Layout } from "../layout.ts";
import { listVersionsOf } from "../list-artifacts.ts";
import { renameArtifact } from "../rename-artifact.ts";
import { RENAMED_FROM } from "../rename-mark.ts";
import type { Store } from "../store.ts";
import { takeAway } from "./forced-release.ts";
import { FOLDER, leftNothing, lines, NAME, save, tell, told, withStore, workspaceWith } from "./saved.ts";
import { withUnlockedStore } from "./unlocked-store.ts";

const NEW = "moved";

async function rename(use: typeof withStore = withStore): Promise<void> {
  await use((store) => renameArtifact(store, NAME, NEW));
  tell("renamed");
}

/** Everything, as one who knows the old name only finds it, and under which name. */
async function readByOldName(store: Store): Promise<{ name: string; texts: string[] }> {
  const { name, versions } = store.versionsNow(NAME);
  const texts: string[] = [];
  for (const { version } of versions) texts.push(`${version} ${await contentOf(store.layout, version)}`);
  return { name, texts };
}

async function contentOf(layout: Layout, version?: number): Promise<string> {
  let text = "";
  for await (const piece of openVersion(layout, NAME, version === undefined ? {} : { version }).content)
    text += Buffer.from(piece);
  return text;
}

/** Nothing is left to be done. */
function isFinished(): void {
  const { layout } = openWorkspaceRecord(FOLDER);
  const mark = join(layout.artifactDir(DEFAULT_COLLECTION, NEW), RENAMED_FROM);
  assert.ok(!existsSync(mark), "the rename is finished");
  leftNothing();
}

/** What the next command, a save under `name`, leaves of a rename that was cut off. */
function cutOff(name: string, isCatalogLost: boolean, before: readonly string[] = ["one", "two"]) {
  return {
    setup: () => workspaceWith(...before),
    processes: { renamer: () => rename() },
    check: async () => {
      const now = await withStore(readByOldName);
      assert.deepEqual(
        now.texts,
        before.map((text, index) => `${index + 1} ${text}`),
      );
      assert.ok(now.name === NEW || !told("renamed"), "what was acknowledged has happened");
      if (isCatalogLost) rmSync(`${FOLDER}/.holdfast/catalog.db`);
      await save("next", name);
      const isMade = name !== now.name;
      await withStore(async (store) => {
        const number = isMade && name === NEW ? 1 : before.length + 1;
        assert.deepEqual(await lines(store, name), [...(isMade ? [] : now.texts), `${number} next`]);
        if (isMade) assert.deepEqual(await lines(store, now.name), now.texts);
        else assert.deepEqual(await lines(store, name === NEW ? NAME : NEW), [], "it has one name");
      });
      isFinished();
    },
    restart: "never",
    crashes: 1,
  } as const;
}
export const killed = race(cutOff(NAME, false));
export const killedThenNew = race(cutOff(NEW, false));
/** The note of it is lost with the catalog. */
export const killedUnknown = race(cutOff(NAME, true));
/** Of one version: all that was not flushed may be lost or not, each by itself. */
export const powerLoss = race({
  ...cutOff(NAME, false, ["one"]),
  processes: { renamer: () => rename(withUnlockedStore) },
  crashes: 0,
  powerLoss: true,
});

const asIs = { setup: () => workspaceWith("one") };

/** Whoever asks by the old name, at any moment of it. */
function beside(reader: (layout: Layout) => Promise<void> | void) {
  return race({
    ...asIs,
    processes: { renamer: () => rename(), reader: () => reader(new Layout(FOLDER)) },
    check: async () => {
      assert.equal((await withStore(readByOldName)).name, NEW);
      isFinished();
    },
  });
}
export const besideReader = beside(async (layout) => assert.equal(await contentOf(layout), "one"));
export const besideLister = beside((layout) => {
  const { versions } = listVersionsOf(layout, { collection: DEFAULT_COLLECTION, name: NAME });
  assert.deepEqual(
    versions.map(({ version }) => version),
    [1],
  );
});

/** What there is under the old name, and under the new one. */
async function underBoth(store: Store): Promise<[string[], string[]]> {
  return [await lines(store, NAME), await lines(store, NEW)];
}

/** For whoever reads before the next command has finished anything, and afterwards. */
async function atBothTimes(checkNow: (here: readonly string[], there: readonly string[]) => void): Promise<void> {
  checkNow(...(await withStore(underBoth)));
  await withStore((store) => store.settlePending());
  checkNow(...(await withStore(underBoth)));
}

/** All that was saved is somewhere: a save under the old name comes before the rename, or begins another artifact. */
function checkBoth(here: readonly string[], there: readonly string[]): void {
  const isRenamed = there.length > 0;
  assert.ok(isRenamed || !told("renamed"), "what was acknowledged has happened");
  assert.equal((isRenamed ? there : here)[0], "1 one");
  const isSaved = [...here, ...there].includes("2 two");
  assert.ok(isSaved || !told("saved 2 two"), "what was acknowledged is there");
  assert.equal(here.length + there.length, isSaved ? 2 : 1, "each version is in one place");
}

export const besideWriter = race({
  ...asIs,
  processes: { renamer: () => rename(), writer: () => save("two") },
  check: () => atBothTimes(checkBoth),
});
export const besideWriterKilled = race({ ...besideWriter, crashes: 1, restart: "never" });

/** A holder that slept past its lease, as far as others can tell, while they save under the old name or under the new one. */
function overtaken(name: string) {
  return {
    ...asIs,
    mayFail: ["sleeper"],
    processes: {
      sleeper: () => rename(),
      other: async () => {
        takeAway();
        await save("two", name);
      },
    },
  };
}
export const overtakenAtOld = race({ ...overtaken(NAME), check: () => atBothTimes(checkBoth) });
export const overtakenAtNew = race({
  ...overtaken(NEW),
  check: () =>
    atBothTimes((here, there) => {
      assert.equal([...here, ...there].filter((line) => line === "1 one").length, 1, "each version is in one place");
      assert.ok(
        there.some((line) => line.endsWith("two")),
        "what was acknowledged is there",
      );
    }),
});

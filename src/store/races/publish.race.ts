// The protocol of a save by itself, `writeVersions` with its staging and its journal, and a power loss at every effect: every
// disk that can be found is tried. The lock and the catalog are left out, whose names and pages are lost independently of
// these: what a power loss makes of a lock is tried in coordination/races, and a catalog is made anew on the next boot.

import assert from "node:assert/strict";
import { rmSync, truncateSync } from "node:fs";
import { race } from "holdfast/explorer";
import { makeEntry } from "../../entries/index.ts";
import { Catalog } from "../catalog.ts";
import { openWorkspaceRecord } from "../index.ts";
import { Journal } from "../journal.ts";
import { recovered } from "../recovery.ts";
import { Staging } from "../staging.ts";
import { startMachineAnew } from "../testing/another-boot.ts";
import { writeVersions } from "../write-versions.ts";
import { FOLDER, found, goesOn, NAME, tellSaved, toldOf, withStore, workspaceWith } from "./saved.ts";

/** Never asked in vain: nobody else is there. */
const FENCE = { assertHeld: () => {}, generations: new Map([["data", 100]]) };

async function saveUnlocked(text: string): Promise<void> {
  const { layout, identity } = openWorkspaceRecord(FOLDER);
  const staging = new Staging(layout.staging);
  const content = staging.stageBytes(Buffer.from(text));
  const parts = { layout, staging, catalog: Catalog.open(":memory:"), journal: new Journal(layout, "data") };
  const entryFor = () =>
    makeEntry(
      {
        collection: "data",
        name: NAME,
        kind: "put",
        content: { hash: content.hash, size: content.size, type: "text/plain" },
        parents: [],
        clock: { wallMs: 1, counter: 0 },
        tags: {},
        key: { writer: "w", n: 1 },
      },
      identity,
    );
  const [record] = await writeVersions(parts, "data", [{ collection: "data", name: NAME, content, entryFor }], FENCE);
  tellSaved(record?.version ?? 0, text);
}

/** It was not told of this save, on whichever boot this is. */
function forgetCatalog(): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(`${FOLDER}/.holdfast/catalog.db${end}`, { force: true });
}

function savedWhole(before: readonly string[], text: string) {
  return {
    check: async () => {
      forgetCatalog();
      const texts = [...(await withStore(found)).values()];
      assert.deepEqual(texts, texts.includes(text) ? [...before, text] : before);
      assert.ok(texts.includes(text) || !toldOf(before.length + 1, text), "what was acknowledged is there");
      await goesOn(texts.length);
    },
    restart: "never",
  } as const;
}

function scenario(before: readonly string[], text: string) {
  return race({
    ...savedWhole(before, text),
    setup: () => workspaceWith(...before),
    processes: { writer: () => saveUnlocked(text) },
    powerLoss: true,
  });
}

/** A journal is emptied right after the save. */
export const checkpointed = race({
  ...savedWhole(["old"], "new"),
  setup: () => workspaceWith("old"),
  processes: {
    writer: async () => {
      await saveUnlocked("new");
      await new Journal(openWorkspaceRecord(FOLDER).layout, "data").checkpoint();
    },
  },
  powerLoss: true,
});

/** The power went once before: a version is whole in the journal only, and whoever puts them back is cut off, too. */
const afterPowerLoss = {
  setup: async () => {
    await workspaceWith("old");
    await saveUnlocked("new");
    const { layout } = openWorkspaceRecord(FOLDER);
    forgetCatalog();
    truncateSync(`${layout.versionDir("data", NAME, 2)}/content`);
    startMachineAnew(FOLDER);
  },
  processes: { opener: () => recovered(openWorkspaceRecord(FOLDER).layout) },
  check: async () => {
    assert.deepEqual([...(await withStore(found)).values()], ["old", "new"]);
    await goesOn(2);
  },
  restart: "never",
} as const;
export const replayedKilled = race({ ...afterPowerLoss, crashes: 1 });
export const replayedPowerLoss = race({ ...afterPowerLoss, powerLoss: true });

export const next = scenario(["old"], "new");
export const first = scenario([], "new");
export const large = scenario(["old"], "new".repeat(50_000));

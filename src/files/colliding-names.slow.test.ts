// Files, folders and links of the same few names on three machines, in any order of going off- and online.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { systemCode } from "../errors.ts";
import { listConflicts } from "./index.ts";
import { type TestFolder, World } from "./testing/two-folders.ts";

/** Runs begin as long as this, ms; one takes a third of a second. */
const TIME_MS = 6_000;
const MAX_ROUNDS = 30;
/** What a file system says to what cannot be done; then it was not done. */
const NOT_DONE = ["ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY", "ENOENT", "EINVAL"];

type Act =
  | { readonly do: "write" | "mkdir" | "link" | "remove"; readonly path: string }
  | { readonly do: "move"; readonly path: string; readonly to: string }
  /** The folder is looked at, without the hub. */
  | { readonly do: "scan" }
  | { readonly do: "sync" };

const path = fc.constantFrom("x", "y", "x/x", "x/y", "y/x", "x/y/x", "y/x/x");
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("mkdir" as const, "link" as const), path }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), path }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("move" as const), path, to: path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("scan" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("sync" as const) }) },
);
const step = fc.record({ who: fc.nat(2), act });

/** As somebody would who wants exactly that there: whatever is in the way goes first. */
function change(folder: TestFolder, act: Exclude<Act, { do: "scan" | "sync" }>, text: string): void {
  const at = folder.at(act.path);
  try {
    if (act.do === "move") {
      lstatSync(at);
      folder.move(act.path, act.to);
      return;
    }
    rmSync(at, { recursive: true, force: true });
    if (act.do === "write") folder.write(act.path, text);
    else if (act.do !== "remove") {
      mkdirSync(dirname(at), { recursive: true });
      if (act.do === "mkdir") mkdirSync(at);
      else symlinkSync(text, at);
    }
  } catch (error) {
    if (!NOT_DONE.includes(systemCode(error) ?? "")) throw error;
  }
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Brings all together, in turn, as often as it takes. */
async function settle(world: World): Promise<void> {
  let last = "";
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    for (const folder of world.folders) await folder.sync.syncOnce();
    const now = JSON.stringify(world.folders.map((folder) => [folder.tree(), folder.heads(), folder.db.cursor]));
    if (now === last) return;
    last = now;
  }
  assert.fail("there is no end to it");
}

async function run(steps: readonly { who: number; act: Act }[]): Promise<void> {
  await using world = await World.make(0);
  for (let n = 0; n < 3; n += 1) await (await world.add({ up: false })).open();
  const saved = new Set<string>();
  for (const [n, { who, act }] of steps.entries()) {
    const folder = world.folders[who];
    assert.ok(folder !== undefined);
    if (act.do === "sync") await folder.sync.syncOnce();
    else if (act.do !== "scan") change(folder, act, `text ${n}`);
    if (act.do !== "scan" && act.do !== "sync") continue;
    if (act.do === "scan") await folder.sync.scanAll();
    for (const text of Object.values(folder.tree())) if (text.startsWith("text ")) saved.add(hashOf(text));
  }
  await settle(world);
  const [first] = world.folders;
  assert.ok(first !== undefined);
  for (const folder of world.folders) {
    assert.deepEqual(folder.tree(), first.tree());
    assert.deepEqual(folder.heads(), first.heads());
    assert.deepEqual(folder.sync.status().refused, []);
    assert.equal(folder.sync.status().queue, 0);
    assert.deepEqual(listConflicts(folder.db), listConflicts(first.db));
    const known = folder.knownHashes();
    for (const hash of saved) assert.ok(known.has(hash), `a save is missing in ${folder.path}`);
  }
}

test("FILE-33 three machines with files and folders of the same names: alike in the end, and no save lost", async () => {
  const end = performance.now() + TIME_MS;
  let hasFailed = false;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      // However fast the machine is; what has failed is made shorter all the same.
      if (performance.now() > end && !hasFailed) return;
      await run(steps).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }),
    { numRuns: 1_000 },
  );
});

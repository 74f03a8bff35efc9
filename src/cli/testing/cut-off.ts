// A command that is killed at system calls in turn, on one workspace: after each, all of it has happened or nothing, and the
// next command works unaided.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { openWorkspace } from "../../index.ts";
import { holdfast, holdfastJson, TestFolder } from "./holdfast.ts";
import { killedAtCall, type Place, placesIn } from "./system-calls.ts";

const NAME = "notes/today";

/** What is in the workspace, and what the next command makes of it. */
export interface Scenario {
  readonly title: string;
  /** The versions there are afterwards, if it happens. */
  expected(before: readonly number[]): number[];
  args(folder: TestFolder, before: readonly number[]): string[];
  /** Before each time. */
  prepare?(folder: TestFolder): Promise<void>;
}

const put: Scenario = {
  title: "data put",
  expected: (before) => [...before, (before.at(-1) ?? 0) + 1],
  args: (folder) => ["-C", folder.path, "data", "put", NAME, folder.at("content")],
};
const deletion: Scenario = {
  title: "data delete",
  expected: (before) => before.slice(0, -1),
  args: (folder, before) => ["-C", folder.path, "data", "delete", NAME, "--version", String(before.at(-1))],
};
/** Somebody died holding the lock: it is taken over on the way. */
const takeOver: Scenario = {
  ...put,
  title: "data put that takes a dead holder's lock over",
  prepare: async (folder) => {
    // Killed as it publishes the version: it holds the lock then.
    const died = await killedAtCall(put.args(folder, []), { call: "rename", nth: 1 });
    assert.notEqual(died.code, 0, "the holder died");
  },
};
export const SCENARIOS: readonly Scenario[] = [put, deletion, takeOver];

/** Kills the command at all of its places, or at those that `choose` leaves. Returns at how many. */
export async function cutOffEverywhere(
  scenario: Scenario,
  choose: (places: readonly Place[]) => readonly Place[] = (places) => places,
): Promise<number> {
  using folder = new TestFolder();
  folder.write("content", "what is saved");
  await holdfast(["init", folder.path]);
  for (let count = 0; count < 3; count += 1) await holdfast(put.args(folder, []));
  await scenario.prepare?.(folder);
  const { places, done } = await placesIn(scenario.args(folder, await versionsIn(folder)));
  assert.equal(done.code, 0, done.stderr);
  const chosen = choose(places);
  for (const place of chosen) {
    await scenario.prepare?.(folder);
    await cutOff(scenario, folder, place);
  }
  return chosen.length;
}

async function cutOff(scenario: Scenario, folder: TestFolder, place: Place): Promise<void> {
  const told = `${scenario.title}, killed at ${place.call} ${place.nth}`;
  const before = await versionsIn(folder);
  const { stdout, code } = await killedAtCall(scenario.args(folder, before), place);
  const after = scenario.expected(before);
  const there = await versionsIn(folder);
  const hasHappened = there.join() === after.join();
  assert.ok(hasHappened || there.join() === before.join(), `${told}: ${there} is neither ${before} nor ${after}`);
  assert.ok(hasHappened || (code !== 0 && stdout === ""), `${told}: it was acknowledged, and did not happen`);

  const next = await holdfastJson<{ version: number }>(put.args(folder, []));
  assert.ok(next.version > Math.max(...before, ...there), `${told}: ${next.version} was given before`);
  const listed = await holdfastJson<{ artifacts: { version: number }[] }>(["-C", folder.path, "data", "list"]);
  assert.deepEqual(
    listed.artifacts.map(({ version }) => version),
    [next.version],
    told,
  );
  for (const place of ["staging", "trash"].map((name) => folder.at(".holdfast", name))) {
    assert.deepEqual(existsSync(place) ? readdirSync(place) : [], [], `${told}: nothing is left in ${place}`);
  }
}

/** The versions there are, each of them whole. */
async function versionsIn(folder: TestFolder): Promise<number[]> {
  await using workspace = await openWorkspace(folder.path);
  const { versions } = await workspace.versions(NAME);
  for (const { version } of versions) {
    const { content } = await workspace.get(NAME, { version });
    assert.equal(Buffer.from(content).toString(), "what is saved");
  }
  return versions.map(({ version }) => version);
}

// A disk that fills up under every command, with any amount of room left.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { holdfast, holdfastJson, oneDocument, type RunOptions, TestFolder } from "./testing/holdfast.ts";
import { cannotMount, type Mounts, smallDisk } from "./testing/mounts.ts";

/** KiB that are left when a command starts: from none to more than any needs. */
const ROOM_KIB = [0, 12, 48, 100, 300];

const folder = new TestFolder();
const [disk, hub] = [folder.at("disk"), folder.at("hub")];
const [full, template] = [`${disk}/w`, `${disk}/template`];
const MORE_KIB = 20_000;

describe("STORE-32 a full disk", { skip: cannotMount, timeout: 300_000 }, () => {
  let mounts: Mounts;
  let invite = "";
  const at = (): RunOptions => ({ within: mounts.within, input: "new\n" });

  before(async () => {
    mkdirSync(disk);
    mkdirSync(hub);
    folder.write("hub/shared.md", "of the hub\n".repeat(1_000));
    await holdfastJson(["up", hub, "--port", "0", "--detach"]);
    ({ invite } = await holdfastJson<{ invite: string }>(["-C", hub, "invite"]));
    mounts = await smallDisk(disk, MORE_KIB);
    await holdfastJson(["init", template], at());
    mounts.run("sh", "-c", `echo plan >${template}/plan.md`);
    for (const name of ["a", "a", "b"]) await holdfastJson(["-C", template, "data", "put", name], at());
    await holdfastJson(["up", template, "--port", "0", "--detach"], at());
    await holdfastJson(["down", template], at());
  });
  after(async () => {
    await mounts[Symbol.asyncDispose]();
    await holdfast(["down", hub]);
    folder[Symbol.dispose]();
  });

  /** Leaves `kib` on the disk. */
  function leave(kib: number): void {
    mounts.run("mount", "-o", `remount,size=${MORE_KIB}k`, disk);
    if (kib === MORE_KIB) return;
    const usedKib = Number(mounts.run("df", "-k", "--output=used", disk).split("\n")[1]);
    mounts.run("mount", "-o", `remount,size=${usedKib + kib}k`, disk);
  }

  /** Runs it; true when it succeeded, and false when it said `DISK_FULL` and where. Nothing else is right. */
  async function succeeds(args: readonly string[], kib: number): Promise<boolean> {
    const done = await holdfast(["--json", ...args], at());
    if (done.code === 0) return true;
    const what = `${args.join(" ")} with ${kib} KiB: ${done.stderr}`;
    const failure = oneDocument(done.stderr) as { code: string; error: string };
    assert.equal(failure.code, "DISK_FULL", what);
    assert.ok(failure.error.includes(disk), what);
    return false;
  }

  const COMMANDS: Readonly<Record<string, readonly string[]>> = {
    put: ["-C", full, "data", "put", "a"],
    "put something new": ["-C", full, "data", "put", "fresh"],
    "delete a version": ["-C", full, "data", "delete", "a", "--version", "1"],
    delete: ["-C", full, "data", "delete", "b"],
    list: ["-C", full, "data", "list"],
    status: ["-C", full, "status"],
    history: ["-C", full, "history", "plan.md"],
    subscribe: ["-C", full, "subscribe", "topic"],
  };

  for (const kib of ROOM_KIB) {
    test(`with ${kib} KiB left: each command works or says DISK_FULL, and all works once there is room`, async () => {
      leave(MORE_KIB);
      mounts.run("rm", "-rf", full);
      mounts.run("cp", "-a", template, full);
      leave(kib);
      let acknowledged = 2;
      for (const [name, args] of Object.entries(COMMANDS)) {
        const worked = await succeeds(args, kib);
        if (name === "put" && worked) acknowledged += 1;
        // What was there can be read, however full the disk is.
        assert.equal((await holdfast(["-C", full, "data", "get", "a"], at())).stdout, "new\n", name);
      }
      if (await succeeds(["up", full, "--port", "0", "--detach"], kib)) await holdfastJson(["down", full], at());
      const left = mounts.run("find", full, "-path", "*/staging/*", "-o", "-name", "*.json.*");
      assert.equal(left, "", "nothing is left half-made");

      leave(MORE_KIB);
      for (const args of Object.values(COMMANDS)) {
        if (!args.includes("delete")) assert.equal(await succeeds(args, MORE_KIB), true);
      }
      const { versions } = await holdfastJson<{ versions: { version: number }[] }>(
        ["-C", full, "data", "versions", "a"],
        at(),
      );
      // A save that was refused may be there, whole; one that was acknowledged is, and each number once.
      const newest = versions.at(-1)?.version ?? 0;
      assert.ok(newest === acknowledged + 1 || newest === acknowledged + 2, `${newest} after ${acknowledged}`);
      assert.deepEqual(
        versions.map(({ version }) => version),
        Array.from({ length: versions.length }, (_, index) => newest - versions.length + 1 + index),
      );
      assert.equal((await holdfastJson<{ versions: [] }>(["-C", full, "history", "plan.md"], at())).versions.length, 1);
    });

    test(`with ${kib} KiB left: init and join work, or leave nothing, and work once there is room`, async () => {
      const [fresh, copy] = [`${disk}/deep/fresh`, `${disk}/copy`];
      leave(MORE_KIB);
      mounts.run("rm", "-rf", `${disk}/deep`, copy);
      leave(kib);
      if (!(await succeeds(["init", fresh], kib))) {
        assert.equal(mounts.run("find", disk, "-name", "deep"), "");
      }
      if (!(await succeeds(["join", invite, copy], kib))) {
        const there = mounts.run("find", disk, "-path", `${copy}*`).split("\n").filter(Boolean);
        // It failed before it was joined, and is not there; or it is joined, and goes on from there.
        assert.equal(there.length === 0, !there.includes(`${copy}/.holdfast/hub-link.json`), there.join(" "));
        assert.equal(there.filter((name) => /\.json\.|\.tmp/.test(name)).length, 0, there.join(" "));
      }
      leave(MORE_KIB);
      assert.equal(await succeeds(["init", fresh], MORE_KIB), true);
      assert.equal(await succeeds(["join", invite, copy], MORE_KIB), true);
      assert.equal(mounts.run("cat", `${copy}/shared.md`), "of the hub\n".repeat(1_000));
    });
  }
});

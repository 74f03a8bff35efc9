// What the hints of EPOCH_CHANGED say, done.

import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { holdfast, holdfastFailure, holdfastJson, TestFolder } from "./testing/holdfast.ts";

test("HUB-12 a hub from an older backup, or made anew: with sync.db moved away, as the hint says, it gets what it lacks", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const [a, b] = [folder.at("a"), folder.at("b")];
  const ownHub = join(a, ".holdfast/hub");
  const upAgain = async (change: () => void): Promise<string> => {
    await holdfastJson(["down", a]);
    change();
    await holdfastJson(["up", a, "--detach"]);
    return (await holdfastJson<{ invite: string }>(["-C", a, "invite"])).invite;
  };
  await holdfastJson(["up", a, "--port", "0", "--detach"]);
  stack.defer(async () => void (await holdfast(["down", a])));
  const { invite } = await holdfastJson<{ invite: string }>(["-C", a, "invite"]);
  await holdfastJson(["join", invite, b]);
  await upAgain(() => cpSync(ownHub, folder.at("backup"), { recursive: true }));
  writeFileSync(join(b, "late"), "saved after the backup");
  await holdfastJson(["-C", b, "sync"]);
  await upAgain(() => {
    rmSync(ownHub, { recursive: true });
    cpSync(folder.at("backup"), ownHub, { recursive: true });
    // Its own folder goes by the hint as well.
    rmSync(join(a, ".holdfast/sync.db"));
  });
  const older = await holdfastFailure(["-C", b, "sync"]);
  assert.equal(older.code, "EPOCH_CHANGED");
  assert.match(older.hint, /move \.holdfast\/sync\.db away, and `holdfast sync`/);
  rmSync(join(b, ".holdfast/sync.db"));
  await holdfastJson(["-C", b, "sync"]);
  const sent = await holdfastJson<{ versions: unknown[] }>(["-C", a, "history", "late"]);
  assert.equal(sent.versions.length, 1);

  const anew = await upAgain(() => {
    rmSync(ownHub, { recursive: true });
    rmSync(join(a, ".holdfast/sync.db"));
  });
  const other = await holdfastFailure(["join", anew, b]);
  assert.equal(other.code, "EPOCH_CHANGED");
  assert.match(other.hint, /move \.holdfast\/sync\.db away, and join with an invite from it/);
  rmSync(join(b, ".holdfast/sync.db"));
  writeFileSync(join(b, "later"), "saved meanwhile");
  await holdfastJson(["join", anew, b]);
  await holdfastJson(["join", anew, folder.at("c")]);
  assert.equal(readFileSync(folder.at("c/later"), "utf8"), "saved meanwhile");
  assert.equal(readFileSync(folder.at("c/late"), "utf8"), "saved after the backup");
});

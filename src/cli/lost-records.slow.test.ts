// A workspace that has lost one of its own files, or all of them: told, with a way out, and never begun anew in silence.

import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { after, before, describe, test } from "node:test";
import { holdfast, holdfastFailure, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

interface Joined {
  readonly workspace: string;
}
type History = { versions: { version: number }[] };

describe("a workspace that has lost one of its own files", { timeout: 120_000 }, () => {
  const folder = new TestFolder();
  const hub = folder.at("hub");
  let invite = "";
  let workspace = "";
  let copies = 0;

  before(async () => {
    mkdirSync(hub);
    folder.write("hub/plan.md", "the plan\n");
    await holdfastJson(["up", hub, "--port", "0", "--detach"]);
    ({ invite } = await holdfastJson<{ invite: string }>(["-C", hub, "invite"]));
    ({ id: workspace } = JSON.parse(readFileSync(`${hub}/.holdfast/workspace.json`, "utf8")) as { id: string });
  });
  after(async () => {
    await holdfast(["down", hub]);
    folder[Symbol.dispose]();
  });

  async function joined(): Promise<string> {
    copies += 1;
    const copy = folder.at(`copy${copies}`);
    await holdfastJson(["join", invite, copy]);
    return copy;
  }

  test("without workspace.json it is not made another one, and goes on once that is back", async () => {
    const at = folder.at("alone");
    await holdfastJson(["init", at]);
    await holdfastJson(["-C", at, "data", "put", "a"], { input: "x" });
    const record = `${at}/.holdfast/workspace.json`;
    renameSync(record, folder.at("kept"));
    for (const args of [
      ["up", at, "--port", "0"],
      ["up", at, "--port", "0", "--detach"],
      ["init", at],
      ["join", invite, at],
      ["-C", at, "data", "list"],
      ["-C", at, "data", "put", "a"],
      ["-C", at, "status"],
    ]) {
      const failure = await holdfastFailure(args, { input: "y" });
      assert.deepEqual([failure.code, failure.details], ["CORRUPT", { path: record }], args.join(" "));
      assert.match(failure.hint, /put the file back.*move .* away/);
    }
    assert.equal((await holdfastFailure(["data", "list"], { cwd: at })).code, "CORRUPT");
    assert.equal(existsSync(record), false);
    renameSync(folder.at("kept"), record);
    assert.equal((await holdfast(["-C", at, "data", "get", "a"])).stdout, "x");
  });

  test("without workspace.json a joined folder gets it back by joining again", async () => {
    const copy = await joined();
    rmSync(`${copy}/.holdfast/workspace.json`);
    assert.equal((await holdfastFailure(["up", copy])).code, "CORRUPT");
    assert.equal((await holdfastJson<Joined>(["join", invite, copy])).workspace, workspace);
    assert.equal((await holdfastJson<History>(["-C", copy, "history", "plan.md"])).versions.length, 1);
  });

  for (const age of ["new", "old"]) {
    test(`without hub-link.json a joined folder starts no hub of its own (${age} record)`, async () => {
      const copy = await joined();
      const link = `${copy}/.holdfast/hub-link.json`;
      rmSync(link);
      if (age === "old") {
        const record = `${copy}/.holdfast/workspace.json`;
        const { joined, ...rest } = JSON.parse(readFileSync(record, "utf8")) as { joined: true };
        assert.equal(joined, true);
        writeFileSync(record, JSON.stringify(rest));
      }
      for (const args of [
        ["up", copy, "--port", "0"],
        ["up", copy, "--port", "0", "--detach"],
        ["-C", copy, "sync"],
        ["-C", copy, "publish", "topic", "text"],
      ]) {
        const failure = await holdfastFailure(args);
        assert.deepEqual([failure.code, failure.details], ["NOT_JOINED", { path: link }], args.join(" "));
        assert.match(failure.hint, /holdfast join INVITE/);
      }
      assert.equal(existsSync(`${copy}/.holdfast/hub/hub.db`), false);
      assert.equal((await holdfastJson<Joined>(["join", invite, copy])).workspace, workspace);
      await holdfastJson(["-C", copy, "sync"]);
    });
  }

  test("with a damaged identity.json it can be read and stopped; only what needs the key is refused", async () => {
    const at = folder.at("damaged");
    await holdfastJson(["init", at]);
    await holdfastJson(["-C", at, "data", "put", "a"], { input: "x" });
    const { pid } = await holdfastJson<{ pid: number }>(["up", at, "--port", "0", "--detach"]);
    writeFileSync(`${at}/.holdfast/identity.json`, "{");
    assert.deepEqual(await holdfastJson(["down", at]), { stopped: true, pid });
    assert.equal((await holdfast(["-C", at, "data", "get", "a"])).stdout, "x");
    await holdfastJson(["-C", at, "data", "list"]);
    await holdfastJson(["-C", at, "status"]);
    for (const args of [
      ["-C", at, "data", "put", "a"],
      ["up", at, "--port", "0"],
    ]) {
      const failure = await holdfastFailure(args, { input: "y" });
      assert.deepEqual([failure.code, failure.error.includes("identity.json")], ["CORRUPT", true]);
    }
  });

  for (const verb of ["removed", "moved"]) {
    test(`FILE-39 a workspace that is ${verb} while it is kept ends the daemon and deletes nothing at the hub`, async () => {
      const copy = await joined();
      await using up = new Running(["--json", "up", copy]);
      await up.firstLine();
      if (verb === "moved") renameSync(copy, `${copy}-moved`);
      else {
        rmSync(`${copy}/.holdfast`, { recursive: true });
        writeFileSync(`${copy}/new.md`, "saved after that\n");
      }
      rmSync(`${copy}/plan.md`, { force: true });
      const { code, stderr } = await up.finished;
      const failure = JSON.parse(stderr) as { code: string; hint: string };
      assert.deepEqual([code, failure.code], [1, "FOLDER_GONE"]);
      assert.notEqual(failure.hint, "");
      assert.equal(existsSync(`${copy}/.holdfast`), false, "it is not begun anew");
      const { versions } = await holdfastJson<History>(["-C", hub, "history", "plan.md"]);
      assert.equal(versions.length, 1);
      assert.equal(readFileSync(`${hub}/plan.md`, "utf8"), "the plan\n");
    });
  }

  test("no workspace is made inside .holdfast, nor begun where something else lies in its way", async () => {
    const at = folder.at("odd");
    for (const args of [
      ["init", `${at}/.holdfast`],
      ["up", `${at}/.holdfast/deep`, "--port", "0"],
    ]) {
      assert.equal((await holdfastFailure(args)).code, "NESTED_WORKSPACE", args.join(" "));
    }
    assert.equal(existsSync(at), false);
    await holdfastJson(["init", at]);
    await holdfastJson(["-C", at, "data", "put", "a"], { input: "x" });
    for (const [name, args, code] of [
      ["aside", ["up", at, "--port", "0"], "NOT_A_FOLDER"],
      ["locks", ["-C", at, "data", "put", "a"], "NOT_A_FOLDER"],
      ["data/data/.deleted", ["-C", at, "data", "delete", "a"], "NOT_A_FOLDER"],
      ["identity.json", ["-C", at, "data", "put", "a"], "CORRUPT"],
      ["workspace.json", ["-C", at, "data", "list"], "CORRUPT"],
    ] as const) {
      const path = `${at}/.holdfast/${name}`;
      if (existsSync(path)) renameSync(path, `${path}.kept`);
      if (code === "CORRUPT") mkdirSync(path);
      else writeFileSync(path, "in the way");
      const failure = await holdfastFailure(args, { input: "y" });
      assert.deepEqual([failure.code, failure.error.includes(path)], [code, true], `${name}: ${failure.error}`);
      rmSync(path, { recursive: true });
      if (existsSync(`${path}.kept`)) renameSync(`${path}.kept`, path);
    }
    assert.equal((await holdfast(["-C", at, "data", "get", "a"])).stdout, "x");
  });

  test("STORE-32 too many open files is told as that, and the store goes on", async () => {
    const at = folder.at("many");
    await holdfastJson(["init", at]);
    await holdfastJson(["-C", at, "data", "put", "a"], { input: "x" });
    const seen = new Set<string>();
    for (let limit = 18; limit < 34; limit += 1) {
      const within = ["sh", "-c", `ulimit -n ${limit}; exec "$@"`, "sh"];
      const done = await holdfast(["--json", "-C", at, "data", "list"], { within });
      // With fewer files than it needs to load, the program cannot even begin.
      const told = done.stderr.split("\n").find((line) => line.startsWith('{"error"'));
      if (done.code === 0) seen.add("done");
      else if (told !== undefined) seen.add((JSON.parse(told) as { code: string }).code);
    }
    assert.deepEqual([...seen].sort(), ["TOO_MANY_OPEN_FILES", "done"]);
    assert.equal((await holdfast(["-C", at, "data", "get", "a"])).stdout, "x");
  });

  test("join refuses what is no folder, and leaves it as it is", async () => {
    const file = folder.write("file", "mine");
    symlinkSync("nowhere", folder.at("file-dangling"));
    const dangling = folder.at("file-dangling");
    for (const path of [file, `${file}/below`, `${file}/far/below`, dangling, `${dangling}/below`]) {
      for (const args of [
        ["join", invite, path],
        ["init", path],
        ["up", path, "--port", "0"],
        ["up", path, "--hub", invite],
      ]) {
        const failure = await holdfastFailure(args);
        assert.equal(failure.code, "NOT_A_FOLDER", `${args.join(" ")}: ${failure.error}`);
      }
    }
    assert.equal(readFileSync(file, "utf8"), "mine");
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.startsWith("file")),
      ["file", "file-dangling"],
    );
  });
});

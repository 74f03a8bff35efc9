// A hub that takes a connection and says nothing, or the wrong thing, in the place of one that a folder has joined.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type StartedHub, startHub } from "../hub/index.ts";
import { holdfastFailure, holdfastJson, TestFolder } from "./testing/holdfast.ts";

interface Up {
  readonly pid: number;
}

/** Two folders joined to a hub whose place a mute one can take. */
class Place implements AsyncDisposable {
  readonly folder = new TestFolder();
  private readonly daemons: number[] = [];
  private hub: StartedHub | undefined;
  private mute: Server | undefined;
  private readonly held = new Set<Socket>();
  private port = 0;
  /** How many connections the mute hub has taken. */
  taken = 0;

  static async make(): Promise<Place> {
    const place = new Place();
    await place.comes();
    for (const name of ["a", "b"]) await holdfastJson(["join", await place.invite(), place.folder.at(name)]);
    return place;
  }

  async invite(): Promise<string> {
    assert.ok(this.hub !== undefined);
    return `${this.hub.url}/#${(await this.hub.storage.tokens.create("member")).token}`;
  }

  async comes(): Promise<void> {
    await this.mutes("end");
    this.hub = await startHub({ dir: this.folder.at("hub"), port: this.port, workspace: { id: "w", name: "shared" } });
    this.port = this.hub.port;
  }

  async mutes(what: "begin" | "end"): Promise<void> {
    await this.hub?.close();
    this.hub = undefined;
    for (const socket of this.held) socket.destroy();
    await new Promise((resolve) => (this.mute === undefined ? resolve(0) : this.mute.close(resolve)));
    this.mute = undefined;
    if (what === "end") return;
    const mute = createServer((socket) => {
      this.taken += 1;
      this.held.add(socket);
      socket.on("error", () => {});
    });
    this.mute = mute;
    await new Promise<void>((resolve) => mute.listen(this.port, "127.0.0.1", resolve));
  }

  async up(name: string): Promise<Up> {
    const up = await holdfastJson<Up>(["up", this.folder.at(name), "--detach"]);
    this.daemons.push(up.pid);
    return up;
  }

  async has(path: string, text: string): Promise<void> {
    const file = this.folder.at(path);
    for (const endMs = performance.now() + 20_000; ; await sleep(20)) {
      if (existsSync(file) && readFileSync(file, "utf8") === text) return;
      assert.ok(performance.now() < endMs, `${path} never came`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of ["a", "b"]) await holdfastJson(["down", this.folder.at(name)]);
    for (const pid of this.daemons) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    await this.mutes("end");
    this.folder[Symbol.dispose]();
  }
}

test("HUB-13 up is ready though the hub says nothing: saves are seen, and travel when it comes", async () => {
  await using place = await Place.make();
  await place.mutes("begin");
  writeFileSync(place.folder.at("a/before"), "saved before");
  const fromMs = performance.now();
  await place.up("a");
  assert.ok(performance.now() - fromMs < 8_000, `ready after ${performance.now() - fromMs} ms`);
  assert.ok(place.taken > 0, "it asked the mute hub");
  writeFileSync(place.folder.at("a/while"), "saved meanwhile");
  for (const path of ["before", "while"]) {
    for (const endMs = performance.now() + 10_000; ; await sleep(20)) {
      const { versions } = await holdfastJson<{ versions: unknown[] }>([
        ...["-C", place.folder.at("a"), "history", path],
      ]).catch(() => ({ versions: [] }));
      if (versions.length > 0) break;
      assert.ok(performance.now() < endMs, `${path} was not seen`);
    }
  }
  await place.comes();
  await place.up("b");
  await place.has("b/before", "saved before");
  await place.has("b/while", "saved meanwhile");
});

test("a damaged hub-link.json is CORRUPT, exit 1, with its path, whatever is asked", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const path = folder.at(".holdfast/hub-link.json");
  const token = "x".repeat(43);
  for (const text of [
    "",
    "null",
    "[]",
    '{"url":"not a url","token":"t"}',
    JSON.stringify({ url: "ftp://127.0.0.1:1", token }),
    JSON.stringify({ url: "http://127.0.0.1:99999", token }),
    JSON.stringify({ url: "http://127.0.0.1:1", token: "two\nlines" }),
    JSON.stringify({ url: "http://127.0.0.1:1", token: "" }),
  ]) {
    writeFileSync(path, text);
    for (const args of [["sync"], ["status"], ["publish", "t", "x"], ["up", folder.path, "--detach"]]) {
      const failure = await holdfastFailure(["-C", folder.path, ...args]);
      assert.deepEqual(
        [failure.code, failure.exitCode, failure.details?.path],
        ["CORRUPT", 1, path],
        `${args}: ${text}`,
      );
      assert.ok(failure.error.includes(path), failure.error);
    }
  }
});

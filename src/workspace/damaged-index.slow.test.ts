// sync.db and catalog.db damaged, at rest and under a running daemon: told, kept beside, made anew; nothing is lost, nothing
// is doubled.

import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type StartedHub, startHub } from "../hub/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { openWorkspace, type Workspace } from "../index.ts";
import { type Daemon, startDaemon } from "./daemon.ts";

const PATIENCE_MS = 20_000;
const FILES = 120;

/** Two folders on a hub; one has many files, notes, and an edit that the hub has not seen. */
class Damaged implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "holdfast-damaged-"));
  readonly notices: string[] = [];
  readonly errors: unknown[] = [];
  private hub: StartedHub | undefined;
  private readonly daemons: Daemon[] = [];

  static async make(): Promise<Damaged> {
    const place = new Damaged();
    place.hub = await startHub({
      dir: join(place.root, "hub"),
      port: 0,
      workspace: { id: "w", name: "shared" },
      requestsPerSecond: 100_000,
    });
    mkdirSync(place.at("a/deep"), { recursive: true });
    for (let n = 0; n < FILES; n += 1) writeFileSync(place.at(`a/deep/file ${n}`), `text ${n}`);
    await using a = await place.workspace("a");
    await using b = await place.workspace("b");
    await a.subscribe(["news"]);
    await b.publish("news", "first");
    await a.sync();
    await b.sync();
    return place;
  }

  at(path: string): string {
    return join(this.root, path);
  }
  index(name: "sync" | "catalog"): string {
    return this.at(`a/.holdfast/${name}.db`);
  }
  /** Where damaged ones are kept. */
  asides(name: "sync" | "catalog"): string[] {
    return readdirSync(this.at("a/.holdfast")).filter(
      (file) => file.startsWith(`${name}.db.damaged-`) && !file.includes("-wal") && !file.includes("-shm"),
    );
  }

  async workspace(name: string): Promise<Workspace> {
    assert.ok(this.hub !== undefined);
    const { token } = await this.hub.storage.tokens.create("member");
    const known = existsSync(this.at(`${name}/.holdfast/hub-link.json`));
    return openWorkspace(this.at(name), known ? {} : { hub: this.hub.url, token });
  }

  async up(name: string): Promise<Daemon> {
    const daemon = await startDaemon(this.at(name), {
      onEvent: (event) => {
        if (event.kind === "notice") this.notices.push(event.message);
      },
      onError: (error) => this.errors.push(error),
    });
    this.daemons.push(daemon);
    return daemon;
  }

  async head(): Promise<number> {
    assert.ok(this.hub !== undefined);
    return this.hub.storage.entries.head();
  }

  tree(name: string): Record<string, string> {
    const files = readdirSync(this.at(name), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && !file.parentPath.includes(".holdfast"))
      .map((file) => join(file.parentPath, file.name));
    return Object.fromEntries(
      files.sort().map((file) => [file.slice(this.at(name).length), readFileSync(file, "utf8")]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.daemons) await daemon.stop();
    await this.hub?.close();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Garbage over a part of the file, which keeps its length. */
function scribble(path: string, fromPart: number, toPart: number): void {
  const fd = openSync(path, "r+");
  try {
    const { size } = fstatSync(fd);
    const from = Math.floor(size * fromPart);
    writeSync(fd, Buffer.alloc(Math.floor(size * toPart) - from, 0xa5), 0, undefined, from);
  } finally {
    closeSync(fd);
  }
}

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  "its header": (path) => scribble(path, 0, 0.01),
  "its middle": (path) => scribble(path, 0.3, 0.7),
  "all but its header": (path) => scribble(path, 0.05, 1),
  "its second half gone": (path) => truncateSync(path, fstatSizeOf(path) / 2),
  "no database at all": (path) => writeFileSync(path, "something else altogether"),
};
function fstatSizeOf(path: string): number {
  return readFileSync(path).length;
}

for (const [what, damage] of Object.entries(DAMAGES)) {
  test(`HUB-10 sync.db at rest, ${what}: told with its path, kept beside, made anew from store and hub`, async () => {
    await using place = await Damaged.make();
    const before = place.tree("a");
    const head = await place.head();
    const notes = readFileSync(place.at("a/.holdfast/notes/news.md"), "utf8");
    writeFileSync(place.at("a/deep/file 7"), "edited, and not sent");
    writeFileSync(place.at("a/new"), "new, and not sent");
    damage(place.index("sync"));
    const bytes = readFileSync(place.index("sync"));
    const told: string[] = [];
    await using a = await place.workspace("a");
    await a.sync({ onNotice: (message) => told.push(message) });
    assert.deepEqual(place.asides("sync"), ["sync.db.damaged-1"]);
    assert.ok(readFileSync(place.at("a/.holdfast/sync.db.damaged-1")).equals(bytes), "kept as it was");
    assert.ok(
      told.some((message) => message.includes(`${place.index("sync")} was damaged`) && message.includes("damaged-1")),
      `${told}`,
    );
    assert.deepEqual(place.tree("a"), {
      ...before,
      "/deep/file 7": "edited, and not sent",
      "/new": "new, and not sent",
    });
    assert.equal(await place.head(), head + 2, "what the hub had was not sent again");
    assert.equal((await a.history("deep/file 7")).versions.length, 2);
    assert.equal((await a.history("deep/file 8")).versions.length, 1);
    assert.deepEqual((await a.conflicts()).conflicts, []);
    await using b = await place.workspace("b");
    await b.sync();
    assert.deepEqual(place.tree("b"), place.tree("a"));
    assert.equal(readFileSync(place.at("a/.holdfast/notes/news.md"), "utf8"), notes, "not twice");
    assert.deepEqual(await a.sync(), { pulled: 0, pushed: 0, sequence: head + 2 });
  });
}

test("HUB-10 after a loss, a file that is missing comes back, and one that shows an older version is brought up to date", async () => {
  await using place = await Damaged.make();
  {
    await using a = await place.workspace("a");
    writeFileSync(place.at("a/deep/file 5"), "second");
    await a.sync();
  }
  const head = await place.head();
  scribble(place.index("sync"), 0, 1);
  rmSync(place.at("a/deep/file 3"));
  writeFileSync(place.at("a/deep/file 5"), "text 5");
  await using a = await place.workspace("a");
  await a.sync();
  assert.equal(place.tree("a")["/deep/file 3"], "text 3");
  assert.equal(place.tree("a")["/deep/file 5"], "second");
  assert.equal(await place.head(), head, "nothing was taken for a save, or a delete");
});

test("HUB-10 what is subscribed to is read out of a damaged sync.db, or seen by the notes that lie there", async () => {
  for (const [from, to] of [
    [0.7, 1],
    [0, 1],
  ] as const) {
    await subscribedAfter((path) => scribble(path, from, to));
  }
});

async function subscribedAfter(damage: (path: string) => void): Promise<void> {
  await using place = await Damaged.make();
  damage(place.index("sync"));
  await using a = await place.workspace("a");
  await using b = await place.workspace("b");
  await b.publish("news", "second");
  await a.sync();
  assert.match(readFileSync(place.at("a/.holdfast/notes/news.md"), "utf8"), /first[\s\S]*second/);
}

test("HUB-10 sync.db damaged while the daemon uses it: it is told, kept beside, made anew, and the daemon goes on", async () => {
  await using place = await Damaged.make();
  await place.up("a");
  await place.up("b");
  writeFileSync(place.at("a/one"), "1");
  await until(() => place.tree("b")["/one"] === "1", PATIENCE_MS);
  const head = await place.head();
  scribble(place.index("sync"), 0.02, 1);
  // Somebody writes to it, so that what the daemon remembers of it does not count any more.
  {
    using other = new DatabaseSync(place.index("sync"));
    other.exec("PRAGMA user_version");
    try {
      other.exec("INSERT OR REPLACE INTO meta VALUES ('x', 'y')");
    } catch {
      // Its own damage shows already.
    }
  }
  // For a command that reads it, too.
  await using a = await place.workspace("a");
  const status = await a.status().then(
    () => undefined,
    (error: { code: string; message: string }) => error,
  );
  if (status !== undefined) {
    assert.equal(status.code, "CORRUPT");
    assert.ok(status.message.includes(place.index("sync")), status.message);
  }
  await until(() => place.asides("sync").length === 1, PATIENCE_MS);
  assert.ok(
    place.notices.some((message) => message.includes(place.index("sync"))),
    `${place.notices}`,
  );
  writeFileSync(place.at("a/two"), "2");
  writeFileSync(place.at("b/three"), "3");
  await until(() => place.tree("b")["/two"] === "2" && place.tree("a")["/three"] === "3", PATIENCE_MS);
  assert.deepEqual(place.tree("a"), place.tree("b"));
  assert.equal(await place.head(), head + 2, "nothing was sent twice");
  assert.equal((await a.status()).conflicts, 0);
});

test("HUB-10 a damaged catalog: made anew from data/, at rest and beside a running daemon", async () => {
  await using place = await Damaged.make();
  scribble(place.index("catalog"), 0.3, 0.9);
  {
    await using a = await place.workspace("a");
    assert.equal((await a.list({ collection: "files" })).artifacts.length, FILES);
    assert.deepEqual(place.asides("catalog"), ["catalog.db.damaged-1"]);
    await a.sync();
  }
  const head = await place.head();
  await place.up("a");
  await place.up("b");
  scribble(place.index("catalog"), 0.02, 1);
  await using a = await place.workspace("a");
  await a.put("by another process", "x", { collection: "files" }).catch(() => {});
  await a.put("mine", "x");
  assert.ok(place.asides("catalog").length === 2);
  writeFileSync(place.at("a/two"), "2");
  writeFileSync(place.at("a/deep/file 9"), "again");
  await until(() => place.tree("b")["/two"] === "2" && place.tree("b")["/deep/file 9"] === "again", PATIENCE_MS);
  assert.equal((await a.history("deep/file 9")).versions.length, 2);
  assert.equal(
    (await a.list({ collection: "files" })).artifacts.some(({ name }) => name === "two"),
    true,
  );
  await until(async () => (await place.head()) >= head + 3, PATIENCE_MS);
});

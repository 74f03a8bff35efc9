// What a file is made of: bytes of every size, the executable bit, links, and what cannot travel.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../hub/testing/wait-until.ts";
import { initWorkspaceRecord, Store } from "../store/index.ts";
import { observe } from "./observe.ts";
import { readSettled } from "./read-file.ts";
import { PATIENCE_MS, World } from "./testing/two-folders.ts";

test("FILE-21 empty files, empty folders and truncation to nothing are synced", async () => {
  await using world = await World.make(2);
  const { a } = world;
  a.write("empty", "");
  a.write("f", "one");
  a.write("folder/x", "");
  a.remove("folder/x");
  await world.alike((tree) => tree.f === "one" && tree.empty === "" && tree.folder === "dir");
  truncateSync(a.at("f"), 0);
  const tree = await world.alike((now) => now.f === "");
  assert.deepEqual(tree, { empty: "", f: "", folder: "dir" });
});

test("FILE-22 binary and text of every size arrive byte for byte", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const contents = new Map<string, Buffer>([
    ["crlf.txt", Buffer.from("one\r\ntwo\rthree\n\n")],
    ["bom.txt", Buffer.from("\ufeffwith a mark\n")],
    ["latin1.txt", Buffer.from([0x67, 0xfc, 0x6e])],
    ["zeros", Buffer.alloc(70_000)],
  ]);
  for (const size of [1, 65_535, 65_536, 65_537, 1_048_576, 1_048_577, 3_000_000])
    contents.set(`b${size}`, randomBytes(size));
  for (const [path, bytes] of contents) a.write(path, bytes);
  await until(() => [...contents.keys()].every((path) => b.read(path) !== undefined), PATIENCE_MS);
  for (const [path, bytes] of contents) assert.ok(readFileSync(b.at(path)).equals(bytes), path);
});

test("FILE-22 over the limit: told, and the file left alone; the others go on", async () => {
  await using world = await World.make(2, { limits: { fileBytes: 100_000 } });
  const { a, b } = world;
  a.write("large", "x".repeat(100_001));
  await until(() => a.sync.status().refused.length === 1, PATIENCE_MS);
  assert.equal(a.sync.status().refused[0]?.path, "large");
  assert.match(a.sync.status().refused[0]?.reason ?? "", /100001 bytes.*100000/);
  a.write("f", "one");
  await b.has("f", "one");
  assert.equal(a.read("large")?.length, 100_001);
  assert.equal(b.read("large"), undefined);
});

test("FILE-23 a file that is written while it is read does not count as read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-settle-"));
  const { layout, identity } = initWorkspaceRecord(folder);
  {
    using store = new Store(layout, identity);
    const file = join(folder, "f");
    const look = (text: string): ReturnType<typeof observe> => {
      appendFileSync(file, text);
      return observe(folder, "f");
    };
    for (const text of ["small", "x".repeat(4_000_000)]) {
      const at = look(text);
      assert.ok(at.kind === "file");
      let isWritten = false;
      const write = (): void => {
        if (!isWritten) appendFileSync(file, "more");
        isWritten = true;
      };
      // A small file is read at once: the write comes between looking and reading.
      if (at.size < 1_000_000) write();
      const outcome = await readSettled(folder, at, store.staging, write);
      assert.ok(isWritten);
      assert.equal(outcome.kind, "unsettled");
      const settled = observe(folder, "f");
      assert.ok(settled.kind === "file");
      const again = await readSettled(folder, settled, store.staging);
      const sha = createHash("sha256").update(readFileSync(file)).digest("hex");
      assert.ok(again.kind === "read" && again.content.hash === sha);
    }
  }
  rmSync(folder, { recursive: true });
});

test("FILE-23 a file that is written slowly arrives whole", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const fd = openSync(a.at("f"), "w");
  for (let n = 0; n < 25; n += 1) {
    writeSync(fd, `${n} ${"x".repeat(100_000)}\n`);
    await delay(15); // the writer takes its time
  }
  closeSync(fd);
  const whole = a.read("f");
  await until(() => b.read("f") === whole, PATIENCE_MS);
});

test("FILE-24 the executable bit travels, on and off", async () => {
  await using world = await World.make(2);
  const { a } = world;
  a.write("run", "#!/bin/sh\n", 0o755);
  await world.alike((tree) => tree.run === "x #!/bin/sh\n");
  a.write("run", "#!/bin/sh\n", 0o644);
  await world.alike((tree) => tree.run === "#!/bin/sh\n");
});

test("FILE-24 links inside the folder travel as links; those that leave it are refused and told", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("dir/f", "one");
  symlinkSync("dir/f", a.at("link"));
  symlinkSync("../dir", a.at("dir/up"));
  symlinkSync("nowhere", a.at("dangling"));
  symlinkSync("/etc/passwd", a.at("absolute"));
  symlinkSync("../../outside", a.at("dir/out"));
  await until(() => Object.keys(b.tree()).length === 4 && a.sync.status().refused.length === 2, PATIENCE_MS);
  assert.deepEqual(b.tree(), { dangling: "-> nowhere", "dir/f": "one", "dir/up": "-> ../dir", link: "-> dir/f" });
  assert.deepEqual(
    a.sync.status().refused.map(({ path }) => path),
    ["absolute", "dir/out"],
  );
  rmSync(a.at("link"));
  symlinkSync("dir", a.at("link"));
  await until(() => b.tree().link === "-> dir", PATIENCE_MS);
});

test("FILE-24 pipes and sockets are ignored and told", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  execFileSync("mkfifo", [a.at("pipe")]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(a.at("socket"), resolve));
  a.write("f", "one");
  await b.has("f", "one");
  await until(() => a.sync.status().refused.length === 2, PATIENCE_MS);
  assert.deepEqual(
    a.sync.status().refused.map(({ path }) => path),
    ["pipe", "socket"],
  );
  assert.deepEqual(b.tree(), { f: "one" });
  await new Promise((resolve) => server.close(resolve));
});

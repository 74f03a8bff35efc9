// How the three forms tell what came of a call: when, to whom, with which stack.

import assert from "node:assert/strict";
import real from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { SystemFault } from "../disk/calls.ts";
import type { Settle } from "../effects.ts";
import { makeFs } from "./index.ts";
import { RecordingEffects } from "./testing/real-kernel.ts";

const dir = real.mkdtempSync(join(tmpdir(), "holdfast-forms-"));
after(() => real.rmSync(dir, { recursive: true }));
real.writeFileSync(`${dir}/a`, "hello");

const effects = new RecordingEffects();
const fs = makeFs(() => effects);
const HERE = /forms\.test\.ts:\d+:\d+/;

test("RACE-02 A callback is called once, later, with the error or with null and the result", async () => {
  const told: unknown[][] = [];
  fs.readFile(`${dir}/a`, "utf8", (...results) => told.push(results));
  fs.unlink(`${dir}/none`, (...results) => told.push(results));
  fs.mkdir(`${dir}/made`, (...results) => told.push(results));
  fs.readFile(`${dir}/none`, (...results) => told.push(results));
  assert.equal(told.length, 0);
  while (told.length < 4) await new Promise((turn) => setImmediate(turn));
  await new Promise((turn) => setImmediate(turn));
  assert.deepEqual(
    told.map(([error, ...results]) => [(error as Error | null)?.message.slice(0, 6), ...results]).sort(),
    [[undefined], [undefined, "hello"], ["ENOENT"], ["ENOENT"]],
  );
});

test("What a callback throws goes to whoever performed the call, and the callback is not called again", () => {
  const settles: Settle[] = [];
  const bare = makeFs(() =>
    Object.assign(new RecordingEffects(), { later: (_: unknown, settle: Settle) => settles.push(settle) }),
  );
  let calls = 0;
  bare.access("/a", () => {
    calls++;
    throw new Error("thrown by the program");
  });
  assert.throws(() => settles[0]?.(undefined, undefined), /thrown by the program/);
  bare.access("/a", () => {
    calls++;
    throw new Error("thrown by the program");
  });
  assert.throws(() => settles[1]?.(new SystemFault("ENOENT")), /thrown by the program/);
  assert.equal(calls, 2);
});

test("Wrong arguments are thrown by the callback and sync forms, and reject the promise", async () => {
  const wrong = { code: "ERR_INVALID_ARG_TYPE", name: "TypeError" };
  assert.throws(() => fs.stat(7 as never, () => {}), wrong);
  assert.throws(() => fs.statSync(7 as never), wrong);
  await assert.rejects(fs.promises.stat(7 as never), wrong);
  assert.throws(() => (fs.stat as unknown as (path: string) => void)("/a"), {
    message: 'The "cb" argument must be of type function. Received undefined',
  });
  assert.throws(() => fs.statSync(7 as never), { stack: /^TypeError \[ERR_INVALID_ARG_TYPE\]: The "path"/ });
  assert.deepEqual(
    effects.take().filter((call) => call.startsWith("stat")),
    [],
  );
});

test("RACE-13 The stack of an error names the line that asked, in the promise and sync forms", async () => {
  const failed = await fs.promises.readFile(`${dir}/none`).catch((error: Error) => error);
  assert.match(String((failed as Error).stack?.split("\n")[1]), HERE);
  assert.throws(
    () => fs.readFileSync(`${dir}/none`),
    (error: Error) => HERE.test(error.stack?.split("\n")[1] ?? ""),
  );
  const handle = await fs.promises.open(`${dir}/a`);
  const refused = await handle.write("x").catch((error: Error) => error);
  assert.match(String((refused as Error).stack), HERE);
  await handle.close();
});

test("promisify gives what Node's promisify gives", async () => {
  assert.equal(await promisify(fs.exists)(`${dir}/a`), true);
  assert.equal(await promisify(fs.exists)(`${dir}/none`), false);
  const fd = await promisify(fs.open)(`${dir}/a`, "r+");
  const buffer = Buffer.alloc(4);
  assert.deepEqual(await promisify(fs.read)(fd, buffer, 0, 4, 0), { bytesRead: 4, buffer });
  assert.deepEqual(await promisify(fs.write)(fd, buffer, 0, 4, 0), { bytesWritten: 4, buffer });
  assert.deepEqual(await promisify(fs.readv)(fd, [buffer], 0), { bytesRead: 4, buffers: [buffer] });
  assert.deepEqual(await promisify(fs.writev)(fd, [buffer], 0), { bytesWritten: 4, buffer: [buffer] });
  await promisify(fs.close)(fd);
});

test("A signal stops readFile and writeFile between two calls", async () => {
  const stopped = { name: "AbortError", code: "ABORT_ERR" };
  await assert.rejects(fs.promises.readFile(`${dir}/a`, { signal: AbortSignal.abort() }), stopped);
  let told: unknown;
  fs.readFile(`${dir}/a`, { signal: AbortSignal.abort("why") }, (error) => {
    told = error;
  });
  assert.equal((told as Error).cause, "why", "the callback is told at once");
  effects.take();
  effects.holding = true;
  const controller = new AbortController();
  const written = assert.rejects(fs.promises.writeFile(`${dir}/b`, "text", { signal: controller.signal }), stopped);
  controller.abort();
  while (effects.held.length > 0) await effects.step();
  effects.holding = false;
  await written;
  assert.deepEqual(effects.take(), ["open b", "close"]);
  const later = new AbortController();
  effects.failure = (op) => void (op === "write" && later.abort());
  const large = fs.promises.writeFile(`${dir}/b`, Buffer.alloc(600_000), { signal: later.signal });
  await assert.rejects(large, stopped);
  effects.failure = () => undefined;
  assert.deepEqual(effects.take(), ["open b", "write 524288 bytes", "close"]);
});

test("writeFile takes what comes in pieces", async () => {
  async function* pieces(): AsyncGenerator<string | Uint8Array> {
    yield "one ";
    yield Buffer.from("two ");
    yield "three";
  }
  await fs.promises.writeFile(`${dir}/pieces`, pieces());
  assert.equal(real.readFileSync(`${dir}/pieces`, "utf8"), "one two three");
  const handle = await fs.promises.open(`${dir}/pieces`, "w");
  await fs.promises.writeFile(handle, ["a", "b"]);
  await handle.close();
  assert.equal(real.readFileSync(`${dir}/pieces`, "utf8"), "ab");
});

test("Nothing that a caller does to its buffer later changes what is written", async () => {
  const bytes = Buffer.from("before");
  const written = fs.promises.writeFile(`${dir}/b`, bytes);
  bytes.fill("x");
  await written;
  assert.equal(real.readFileSync(`${dir}/b`, "utf8"), "before");
});

test("glob finds what Node's glob finds", async () => {
  for (const name of ["deep/er", ".git"]) real.mkdirSync(`${dir}/g/${name}`, { recursive: true });
  for (const name of ["x.ts", "y.js", ".hidden.ts", "deep/z.ts", "deep/er/w.ts"])
    real.writeFileSync(`${dir}/g/${name}`, "");
  for (const pattern of [
    "*.ts",
    "**/*.ts",
    "deep/*",
    "*",
    "**",
    "deep/**",
    "{x,y}.*",
    "d*p/*.ts",
    "{x.ts,deep/z}*",
    "{deep/er,deep}/*.ts",
    ["*.js", "deep/*.ts"],
  ]) {
    const options = { cwd: `${dir}/g` };
    const expected = real.globSync(pattern, options).sort();
    assert.deepEqual(fs.globSync(pattern, options).sort(), expected, String(pattern));
    const found: string[] = [];
    for await (const name of fs.promises.glob(pattern, options)) found.push(name);
    assert.deepEqual(found.sort(), expected, String(pattern));
  }
  effects.take();
  fs.globSync("**/*.ts", { cwd: `${dir}/g` });
  fs.globSync("{x,y}.*", { cwd: `${dir}/g` });
  assert.deepEqual(effects.take(), ["readdir g", "readdir deep", "readdir er", "readdir g"]);
  assert.throws(() => fs.globSync("/etc/*"), { code: "ERR_NOT_SIMULATED" });
});

test("mkdtempDisposable removes its directory", async () => {
  const made = fs.mkdtempDisposableSync(`${dir}/tmp-`);
  real.writeFileSync(`${made.path}/x`, "");
  made[Symbol.dispose]();
  assert.equal(real.existsSync(made.path), false);
  const other = await fs.promises.mkdtempDisposable(`${dir}/tmp-`);
  await other[Symbol.asyncDispose]();
  assert.equal(real.existsSync(other.path), false);
});

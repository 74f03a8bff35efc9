// Streams, file handles and directories that are held open.

import assert from "node:assert/strict";
import real from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { after, beforeEach, test } from "node:test";
import fc from "fast-check";
import { makeFs } from "./index.ts";
import { RecordingEffects } from "./testing/real-kernel.ts";

const dir = real.mkdtempSync(join(tmpdir(), "holdfast-streams-"));
after(() => real.rmSync(dir, { recursive: true }));
const text = "one\ntwo\r\nthree ä€😀\n".repeat(20);
real.writeFileSync(`${dir}/text`, text);

const effects = new RecordingEffects();
const fs = makeFs(() => effects);
beforeEach(() => effects.take());

async function chunksOf(stream: AsyncIterable<unknown>): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of stream) chunks.push(String(chunk));
  return chunks;
}

const closed = (stream: NodeJS.EventEmitter): Promise<unknown> =>
  new Promise((resolve) => stream.once("close", resolve));

test("RACE-08 A read stream gives the chunks that Node's gives", async () => {
  const options = fc.record(
    {
      start: fc.integer({ min: 0, max: 500 }),
      end: fc.integer({ min: 500, max: 900 }),
      highWaterMark: fc.integer({ min: 1, max: 300 }),
      encoding: fc.constantFrom("utf8", "latin1", "hex"),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(options, async (options) => {
      const given = options as NonNullable<Parameters<typeof real.createReadStream>[1]>;
      const mine = await chunksOf(fs.createReadStream(`${dir}/text`, given));
      assert.deepEqual(mine, await chunksOf(real.createReadStream(`${dir}/text`, given)));
    }),
    { numRuns: 60 },
  );
});

test("Streams make the calls of the module they are made by, also when it is patched", async () => {
  await pipeline(fs.createReadStream(`${dir}/text`), fs.createWriteStream(`${dir}/copy`, { flush: true }));
  assert.equal(real.readFileSync(`${dir}/copy`, "utf8"), text);
  const made = effects.take();
  assert.deepEqual(made.filter((call) => !/^(read|close)/.test(call)).sort(), [
    "fsync",
    "open copy",
    "open text",
    `write ${Buffer.byteLength(text)} bytes`,
  ]);
  const patched = makeFs(() => effects);
  let closes = 0;
  const { close } = patched;
  patched.close = ((...args: Parameters<typeof close>) => {
    closes++;
    close(...args);
  }) as typeof close;
  await chunksOf(patched.createReadStream(`${dir}/text`));
  assert.equal(closes, 1);
});

test("A stream is an fs.ReadStream or fs.WriteStream, and can be made without new and by apply", async () => {
  const stream = fs.createReadStream(`${dir}/text`);
  assert.ok(stream instanceof fs.ReadStream);
  assert.ok(stream instanceof real.ReadStream);
  stream.destroy();
  await closed(stream);
  function Derived(this: object, path: string): void {
    (fs.ReadStream as unknown as (path: string) => void).call(this, path);
  }
  Derived.prototype = Object.create(fs.ReadStream.prototype as object);
  const derived = new (Derived as unknown as new (path: string) => real.ReadStream)(`${dir}/text`);
  assert.equal((await chunksOf(derived)).join(""), text);
  const called = (fs.WriteStream as unknown as (path: string) => real.WriteStream)(`${dir}/called`);
  called.end("called");
  await closed(called);
  assert.equal(real.readFileSync(`${dir}/called`, "utf8"), "called");
});

test("A stream of a file that is not there tells so", async () => {
  await assert.rejects(chunksOf(fs.createReadStream(`${dir}/none`)), { code: "ENOENT", syscall: "open" });
});

test("A stream writes at a place, and appends", async () => {
  real.writeFileSync(`${dir}/place`, "0123456789");
  const at = fs.createWriteStream(`${dir}/place`, { flags: "r+", start: 3 });
  at.write("a");
  at.end("b");
  await closed(at);
  const behind = fs.createWriteStream(`${dir}/place`, { flags: "a" });
  behind.end("!");
  await closed(behind);
  assert.equal(real.readFileSync(`${dir}/place`, "utf8"), "012ab56789!");
});

test("A handle gives streams and lines, and is closed by them", async () => {
  const lines: string[] = [];
  const reading = await fs.promises.open(`${dir}/text`);
  for await (const line of reading.readLines()) lines.push(line);
  assert.deepEqual(lines.slice(0, 3), ["one", "two", "three ä€😀"]);
  await assert.rejects(reading.stat(), { code: "EBADF", message: "file closed", syscall: "fstat" });
  const writing = await fs.promises.open(`${dir}/written`, "w");
  const stream = writing.createWriteStream();
  stream.end("through a handle");
  await closed(stream);
  assert.equal(real.readFileSync(`${dir}/written`, "utf8"), "through a handle");
  const web = await fs.promises.open(`${dir}/written`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of web.readableWebStream() as AsyncIterable<Uint8Array>) chunks.push(chunk);
  await web.close();
  assert.equal(Buffer.concat(chunks).toString(), "through a handle");
});

test("A handle is closed once nothing uses it any more", async () => {
  effects.holding = true;
  const opening = fs.promises.open(`${dir}/text`);
  await effects.step();
  const handle = await opening;
  const reading = handle.read(Buffer.alloc(3), 0, 3, 0);
  const closing = handle.close();
  assert.equal(handle.close(), closing, "closing twice is closing once");
  assert.equal(effects.held.length, 1, "the read is under way, and close waits for it");
  await effects.step();
  assert.equal((await reading).bytesRead, 3);
  await effects.step();
  await closing;
  effects.holding = false;
  assert.deepEqual(effects.take(), ["open text", "read", "close"]);
  assert.equal(handle.fd, -1);
  await handle.close();
});

test("A handle is closed when its block is left", async () => {
  {
    await using handle = await fs.promises.open(`${dir}/text`);
    assert.equal((await handle.stat()).size, Buffer.byteLength(text));
  }
  assert.deepEqual(effects.take(), ["open text", "fstat", "close"]);
});

test("A directory is read name by name, and closed when its loop is left", async () => {
  real.mkdirSync(`${dir}/d/deep`, { recursive: true });
  for (const name of ["d/a", "d/b", "d/deep/c"]) real.writeFileSync(`${dir}/${name}`, "");
  const names = async (options: object): Promise<string[]> => {
    const found: string[] = [];
    for await (const entry of await fs.promises.opendir(`${dir}/d`, options))
      found.push(join(entry.parentPath, entry.name));
    return found.sort();
  };
  assert.deepEqual(await names({}), [`${dir}/d/a`, `${dir}/d/b`, `${dir}/d/deep`]);
  assert.deepEqual((await names({ recursive: true })).at(-1), `${dir}/d/deep/c`);
  effects.take();
  for await (const _ of await fs.promises.opendir(`${dir}/d`)) break;
  assert.deepEqual(effects.take(), ["open d", "readdir d", "close"]);
  const opened = fs.opendirSync(`${dir}/d`);
  assert.equal(opened.path, `${dir}/d`);
  const both = [opened.read(), opened.read()];
  assert.throws(() => opened.closeSync(), { code: "ERR_DIR_CONCURRENT_OPERATION" });
  const [one, other] = await Promise.all(both);
  assert.notEqual(one?.name, other?.name, "one after the other");
  assert.ok(opened.readSync());
  assert.equal(opened.readSync(), null);
  opened.closeSync();
  assert.throws(() => opened.readSync(), { code: "ERR_DIR_CLOSED" });
  await assert.rejects(opened.close(), { code: "ERR_DIR_CLOSED" });
  assert.throws(() => fs.opendirSync(`${dir}/text`), { code: "ENOTDIR", syscall: "opendir" });
});

test("A stream of text writes through the module", async () => {
  const stream = new fs.Utf8Stream({ dest: `${dir}/utf8`, sync: true });
  stream.write("text");
  stream.end();
  await closed(stream);
  assert.equal(real.readFileSync(`${dir}/utf8`, "utf8"), "text");
  assert.ok(effects.take().includes("open utf8"));
});

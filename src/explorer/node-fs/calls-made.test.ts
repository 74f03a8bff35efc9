// Which calls the functions make, and in which order: what can be interleaved with what other processes do.
// The lists are what `strace` shows of Node 24 on Linux.

import assert from "node:assert/strict";
import real from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { type Call, SystemFault } from "../disk/calls.ts";
import { makeFs } from "./index.ts";
import { RecordingEffects } from "./testing/real-kernel.ts";

const dir = real.mkdtempSync(join(tmpdir(), "holdfast-calls-"));
after(() => real.rmSync(dir, { recursive: true }));

let effects = new RecordingEffects();
const timers = { setTimeout: (callback: () => void) => setImmediate(callback), clearTimeout: () => {} };
const fs = makeFs(() => effects, timers);

beforeEach(() => {
  real.rmSync(dir, { recursive: true });
  real.mkdirSync(`${dir}/tree/deep`, { recursive: true });
  real.writeFileSync(`${dir}/a`, "hello");
  real.writeFileSync(`${dir}/empty`, "");
  real.writeFileSync(`${dir}/tree/x`, "x");
  real.writeFileSync(`${dir}/tree/y`, "y");
  effects = new RecordingEffects();
});

type Run = () => unknown;
const called = (start: (done: (error: unknown) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));

const MADE: Readonly<Record<string, readonly [run: Run, calls: string]>> = {
  writeFile: [() => fs.promises.writeFile(`${dir}/n`, "12345"), "open n; write 5 bytes; close"],
  "writeFile, nothing": [() => fs.promises.writeFile(`${dir}/n`, ""), "open n; close"],
  "writeFile with flush": [
    () => fs.promises.writeFile(`${dir}/n`, "12345", { flush: true }),
    "open n; write 5 bytes; fsync; close",
  ],
  "writeFile of a large file": [
    () => fs.promises.writeFile(`${dir}/n`, Buffer.alloc(1_200_000)),
    "open n; write 524288 bytes; write 524288 bytes; write 151424 bytes; close",
  ],
  "writeFile with a callback": [
    () => called((done) => fs.writeFile(`${dir}/n`, "", done)),
    "open n; write 0 bytes; close",
  ],
  writeFileSync: [() => fs.writeFileSync(`${dir}/n`, "12345", { flush: true }), "open n; write 5 bytes; fsync; close"],
  "writeFileSync of a descriptor": [() => withFd((fd) => fs.writeFileSync(fd, "12")), "open a; write 2 bytes; close"],
  appendFile: [() => fs.promises.appendFile(`${dir}/a`, "12"), "open a; write 2 bytes; close"],
  readFile: [() => fs.promises.readFile(`${dir}/a`), "open a; fstat; read; close"],
  "readFile of an empty file": [() => fs.promises.readFile(`${dir}/empty`), "open empty; fstat; read; close"],
  "readFileSync of bytes": [() => fs.readFileSync(`${dir}/a`), "open a; fstat; read; close"],
  "readFileSync of text": [() => fs.readFileSync(`${dir}/a`, "utf8"), "open a; read; read; close"],
  copyFile: [
    () => fs.promises.copyFile(`${dir}/a`, `${dir}/n`),
    "open a; fstat; open n; fstat; ftruncate; futimes; fchmod; read; write 5 bytes; close; close",
  ],
  "copyFile onto itself": [() => fs.copyFileSync(`${dir}/a`, `${dir}/a`), "open a; fstat; open a; fstat; close; close"],
  truncate: [() => fs.promises.truncate(`${dir}/a`, 2), "open a; ftruncate; close"],
  "mkdir with parents": [
    () => fs.promises.mkdir(`${dir}/p/q/r`, { recursive: true }),
    "mkdir r; mkdir q; mkdir p; mkdir q; mkdir r",
  ],
  "mkdir of what is there": [() => fs.mkdirSync(`${dir}/tree`, { recursive: true }), "mkdir tree; stat tree"],
  "rm of a file": [() => fs.promises.rm(`${dir}/a`), "lstat a; lstat a; unlink a"],
  "rm of nothing": [() => fs.promises.rm(`${dir}/n`, { force: true }), "lstat n; lstat n"],
  "rm of a tree": [
    () => fs.promises.rm(`${dir}/tree`, { recursive: true }),
    "lstat tree; lstat tree; rmdir tree; readdir tree; lstat deep; lstat x; lstat y; rmdir deep; unlink x; unlink y; rmdir tree",
  ],
  "rmSync of a tree": [
    () => fs.rmSync(`${dir}/tree`, { recursive: true, force: true }),
    "lstat tree; readdir tree; readdir deep; rmdir deep; unlink x; unlink y; rmdir tree",
  ],
  existsSync: [() => fs.existsSync(`${dir}/n`), "access n"],
  opendir: [() => readAll(`${dir}/tree`), "open tree; readdir tree; close"],
  "realpath.native": [() => fs.realpathSync.native(`${dir}/a`), "realpath a"],
};

function withFd(use: (fd: number) => void): void {
  const fd = fs.openSync(`${dir}/a`, "r+");
  use(fd);
  fs.closeSync(fd);
}

async function readAll(path: string): Promise<void> {
  for await (const _ of await fs.promises.opendir(path));
}

for (const [name, [run, calls]] of Object.entries(MADE)) {
  test(`RACE-08 ${name} makes Node's calls`, async () => {
    await run();
    const sorted = (list: readonly string[]): string => [...list].sort().join("; ");
    const made = effects.take();
    // The children of a directory are removed beside each other, in the order in which the kernel lists them.
    if (name === "rm of a tree") assert.equal(sorted(made), sorted(calls.split("; ")));
    else assert.equal(made.join("; "), calls);
  });
}

test("RACE-01 Between the calls of writeFile a reader finds the file empty", async () => {
  effects.holding = true;
  const written = fs.promises.writeFile(`${dir}/a`, "new");
  assert.equal(effects.held.length, 1, "the first call is asked for at once");
  assert.equal(real.readFileSync(`${dir}/a`, "utf8"), "hello", "and performed later");
  await effects.step();
  assert.equal(real.readFileSync(`${dir}/a`, "utf8"), "");
  await effects.step();
  assert.equal(real.readFileSync(`${dir}/a`, "utf8"), "new");
  await effects.step();
  await written;
});

test("What fails between closes what is open", async () => {
  const failing: readonly [op: string, run: Run, calls: string][] = [
    ["write", () => fs.promises.writeFile(`${dir}/n`, "1"), "open n; write 1 bytes; close"],
    ["fsync", () => fs.writeFileSync(`${dir}/n`, "1", { flush: true }), "open n; write 1 bytes; fsync; close"],
    ["read", () => called((done) => fs.readFile(`${dir}/a`, done)), "open a; fstat; read; close"],
    ["fstat", () => fs.promises.readFile(`${dir}/a`), "open a; fstat; close"],
    ["ftruncate", () => fs.truncateSync(`${dir}/a`), "open a; ftruncate; close"],
    ["write", () => fs.promises.copyFile(`${dir}/a`, `${dir}/n`), "write 5 bytes; close; close; unlink n"],
  ];
  for (const [op, run, calls] of failing) {
    effects.failure = (asked) => (asked === op ? "EIO" : undefined);
    await assert.rejects(async () => run(), { code: "EIO", errno: -5 });
    assert.match(effects.take().join("; "), new RegExp(`${calls}$`));
  }
});

test("The children of a directory are removed beside each other", async () => {
  effects.holding = true;
  const removed = fs.promises.rm(`${dir}/tree`, { recursive: true });
  for (let step = 0; step < 4; step++) await effects.step();
  assert.equal(effects.held.length, 3, "a look at each of the three children waits");
  while (effects.held.length > 0) await effects.step();
  await removed;
  assert.equal(real.existsSync(`${dir}/tree`), false);
});

test("rm tries again after a while what is in the way, if it is asked to", async () => {
  let busy = 2;
  effects.failure = (op) => (op === "unlink" && busy-- > 0 ? "EBUSY" : undefined);
  await fs.promises.rm(`${dir}/a`, { maxRetries: 2 });
  assert.equal(effects.take().filter((call) => call === "unlink a").length, 3);
  effects.failure = (op) => (op === "unlink" ? "EBUSY" : undefined);
  await assert.rejects(fs.promises.rm(`${dir}/empty`, { maxRetries: 2 }), { code: "EBUSY", syscall: "unlink" });
  const without = makeFs(() => new RecordingEffects());
  await without.promises.rm(`${dir}/a`, { force: true, maxRetries: 2 });
});

test("realpath looks at each name once, also after a link", () => {
  real.symlinkSync("tree/x", `${dir}/link`);
  assert.equal(fs.realpathSync(`${dir}/link`), `${dir}/tree/x`);
  const made = effects.take();
  assert.deepEqual(made.slice(made.indexOf("lstat link")), [
    "lstat link",
    "stat link",
    "readlink link",
    "lstat tree",
    "lstat x",
  ]);
});

test("A process that ends between two calls does not go on", () => {
  const ended = new Error("ended");
  let ends = "";
  const ending = makeFs(
    () =>
      ({
        now: ({ op }: Call) => {
          if (op === ends) throw ended;
          throw new SystemFault(op === "open" ? "ENOENT" : "EIO");
        },
      }) as unknown as RecordingEffects,
  );
  const runs: readonly [op: string, run: Run][] = [
    ["access", () => ending.existsSync("/a")],
    ["lstat", () => ending.rmSync("/a")],
    ["mkdir", () => ending.mkdirSync("/a", { recursive: true })],
    ["read", () => ending.readFileSync(3, "utf8")],
  ];
  for (const [op, run] of runs) {
    ends = op;
    assert.throws(run, (error) => error === ended);
  }
  effects.failure = (op) => (op === "write" ? "EIO" : undefined);
  const closing = makeFs(
    () =>
      ({
        now: (call: Call) => {
          if (call.op === "close") throw ended;
          return effects.now(call);
        },
      }) as unknown as RecordingEffects,
  );
  assert.throws(
    () => closing.writeFileSync(`${dir}/n`, "1"),
    (error) => error === ended,
  );
});

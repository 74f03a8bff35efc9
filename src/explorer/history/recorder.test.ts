// Recording: calls before, returns after, failures as what they are, and one history for all processes.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { PlainData } from "./model.ts";
import { register, set } from "./models.ts";
import { MemoryNotes, type NotedEvent, setNotes } from "./notes.ts";
import { assertLinearizable, history, NotLinearizable } from "./recorder.ts";

afterEach(() => setNotes(() => undefined));

/** What the explorer gives each process: notes of one book under its own name. */
function bookFor(names: readonly string[]): { as(process: string): void; events: NotedEvent[] } {
  const events: NotedEvent[] = [];
  let current = names[0] ?? "";
  const note = (kind: NotedEvent["kind"], record: PlainData): void => {
    events.push({ kind, process: current, position: events.length, record: structuredClone(record) });
  };
  setNotes(() => ({
    invoked: (_, record) => note("invoked", record),
    returned: (_, record) => note("returned", record),
    all: () => events,
  }));
  return {
    as: (process) => {
      current = process;
    },
    events,
  };
}

test("RACE-20 an update that was lost between two awaits fails the check, with the picture", async () => {
  const recorded = history(register({ initial: "0" }));
  let value = "0";
  const write = async (next: string): Promise<void> => {
    await Promise.resolve();
    value = next;
  };
  assert.equal(await recorded.run("read", undefined, () => value), "0");
  await recorded.run("write", "1", () => write("1"), { process: "a" });
  recorded.check();
  value = "0";
  recorded.runSync("read", undefined, () => value, { process: "b" });
  assert.throws(
    () => assertLinearizable(recorded),
    (error) =>
      error instanceof NotLinearizable &&
      error.code === "ERR_ASSERTION" &&
      error.message.includes('b: read → "0"; "1" would have fitted.') &&
      error.operations.length === 3,
  );
});

test("RACE-20 what overlaps is recorded as overlapping", async () => {
  const recorded = history(register({ initial: 0 }));
  const gate = Promise.withResolvers<void>();
  const slow = recorded.run("write", 1, () => gate.promise);
  assert.deepEqual(recorded.operations(), [{ process: "", name: "write", input: 1, invoked: 0 }]);
  await recorded.run("read", undefined, async () => 0);
  gate.resolve();
  await slow;
  assert.deepEqual(
    recorded.operations().map(({ invoked, returned }) => [invoked, returned]),
    [
      [0, 3],
      [1, 2],
    ],
  );
  recorded.check();
});

test("RACE-20 a failure is passed on: left out, or open when it may have happened all the same", async () => {
  const timeout = new Error("timeout");
  const refused = new Error("refused");
  const recorded = history(set(), { indeterminate: (error) => error === timeout });
  await assert.rejects(
    recorded.run("add", 1, () => Promise.reject(timeout)),
    timeout,
  );
  await assert.rejects(
    recorded.run("add", 2, () => Promise.reject(refused)),
    refused,
  );
  const fail = (): never => {
    throw refused;
  };
  assert.throws(() => recorded.runSync("add", 3, fail), refused);
  assert.throws(() => recorded.runSync("add", 4, fail, { indeterminate: () => true }), refused);
  assert.deepEqual(
    recorded.operations().map(({ input, returned }) => [input, returned]),
    [
      [1, undefined],
      [4, undefined],
    ],
  );
  recorded.runSync("contains", 1, () => true);
  recorded.runSync("contains", 4, () => false);
  recorded.check();
  recorded.runSync("contains", 2, () => true);
  assert.throws(() => recorded.check(), NotLinearizable);
});

test("RACE-20 processes that make their history each for themselves write to the same one", () => {
  const book = bookFor(["a", "b"]);
  const inA = history(register({ initial: "0" }));
  const inB = history(register({ initial: "0" }));
  inA.runSync("write", "1", () => undefined);
  book.as("b");
  inB.runSync("read", undefined, () => "0");
  assert.deepEqual(
    inA.operations().map(({ process, name }) => [process, name]),
    [
      ["a", "write"],
      ["b", "read"],
    ],
  );
  assert.throws(() => inB.check(), NotLinearizable);
});

test("RACE-20 a process that was killed and begins its ids anew: its old calls stay open", () => {
  const events: NotedEvent[] = [
    { kind: "invoked", process: "a", position: 0, record: { id: 1, name: "write", input: "1" } },
    { kind: "invoked", process: "a", position: 1, record: { id: 1, name: "read", input: undefined } },
    { kind: "returned", process: "a", position: 2, record: { id: 1, output: "0" } },
  ];
  setNotes(() => Object.assign(new MemoryNotes(), { all: () => events }));
  const recorded = history(register({ initial: "0" }));
  assert.deepEqual(
    recorded.operations().map(({ name, returned }) => [name, returned]),
    [
      ["write", undefined],
      ["read", 2],
    ],
  );
  recorded.check();
});

test("RACE-20 a return without a call is no history", () => {
  const call: NotedEvent = {
    kind: "invoked",
    process: "a",
    position: 0,
    record: { id: 1, name: "read", input: undefined },
  };
  const back: NotedEvent = { kind: "returned", process: "a", position: 1, record: { id: 1, output: "0" } };
  setNotes(() => Object.assign(new MemoryNotes(), { all: () => [call, back, { ...back, position: 2 }] }));
  assert.throws(() => history(register({ initial: "0" })).operations(), /a return without a call/);
});

test("RACE-20 histories that keep their own notes do not mix", () => {
  const [one, other] = [history(register({ initial: 0 })), history(register({ initial: 0 }))];
  one.runSync("write", 1, () => undefined);
  assert.equal(other.operations().length, 0);
});

test("RACE-20 what is no plain data is refused in words, or made plain by `output`", async () => {
  const recorded = history(register({ initial: "0" }));
  await assert.rejects(
    recorded.run("read", undefined, () => Buffer.from("0")),
    { code: "BAD_OPTION", message: "What came back from `read` is not plain data (Buffer)." },
  );
  const nested = { a: () => 1 } as unknown as PlainData;
  await assert.rejects(
    recorded.run("write", nested, () => 0),
    {
      code: "BAD_OPTION",
      message: "The input of `write` is not plain data (function at .a).",
    },
  );
  await recorded.run("read", undefined, () => Buffer.from("0"), { output: String });
  recorded.check();
});

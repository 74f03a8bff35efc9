// What people are told, word for word, of the well-known ways to lose a race.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Step, Violation } from "../trace.ts";
import { sentence } from "./sentence.ts";
import { anyTrace, longTrace } from "./testing/any-trace.ts";
import { SAMPLES, traceOf } from "./testing/sample-traces.ts";
import { losingWindow } from "./window.ts";

const CHECK: Violation = { kind: "check", process: "", message: "no" };

test("RACE-17 a lost update is told as who read, who wrote, and who wrote over it", () => {
  assert.equal(
    sentence(SAMPLES.LOST_UPDATE),
    'a read /balance in step 3 ("100"), b wrote it in step 12 ("70"), and a wrote over it in step 15 ("70").',
  );
  assert.deepEqual(losingWindow(SAMPLES.LOST_UPDATE), {
    pattern: "stale look",
    look: 3,
    between: [11, 12],
    act: 15,
    resource: "content of /balance",
  });
});

test("RACE-17 two processes that both looked before either acted: the one that acted last is told of", () => {
  assert.equal(
    sentence(SAMPLES.STAT_THEN_MKDIR),
    "b looked at /lock in step 2 (not there), a created it in step 3, and b tried to create it in step 4 (there already).",
  );
});

test("RACE-17 a takeover of a lock that is no longer the one that was looked at", () => {
  assert.equal(
    sentence(SAMPLES.STALE_TAKEOVER),
    "a was killed in step 2, right after it created /lock (step 1): /lock was left behind, " +
      "and b tried to create it in step 3 (there already). " +
      "c looked at /lock in step 6 (directory, modified at 0 ms), b removed it in step 7 and created it in step 8, " +
      "and c removed it in step 9.",
  );
});

test("RACE-17 who begins or stops to watch has looked at nothing", () => {
  const trace = traceOf({ kind: "deadlock", process: "a", message: "a and b wait for ever" }, [
    ["a", "watch /locks", "1", ["r:names in /locks"]],
    ["a", "mkdir /locks/mine", "ok", ["w:/locks/mine", "a:names in /locks"]],
    ["a", "unwatch", "ok", ["r:names in /locks"]],
    ["b", "mkdir /locks/yours", "ok", ["w:/locks/yours", "a:names in /locks"]],
    ["b", "watch /locks", "2", ["r:names in /locks"]],
    ["b", "mkdir /locks/mine", "EEXIST", ["r:/locks/mine"]],
    ["a", "watch /locks", "2", ["r:names in /locks"]],
    ["a", "mkdir /locks/yours", "EEXIST", ["r:/locks/yours"]],
  ]);
  assert.equal(losingWindow(trace), undefined);
  assert.match(sentence(trace), /^a waits: it tried to create \/locks\/yours in step 8/);
});

test("RACE-17 the look of a lost update is the read, also of an empty file, and not the open that empties it", () => {
  const trace = traceOf(CHECK, [
    ["a", "read /visits", "nothing", ["r:content of /visits"]],
    [
      "a",
      "open /visits (write, create, truncate)",
      "fd 3",
      ["r:/visits", "r:content of /visits", "a:attributes of /visits"],
    ],
    ["b", "read /visits", "nothing", ["r:content of /visits"]],
    [
      "b",
      "open /visits (write, create, truncate)",
      "fd 3",
      ["r:/visits", "r:content of /visits", "a:attributes of /visits"],
    ],
    ["b", "write /visits", '"1"', ["w:content of /visits", "a:attributes of /visits"]],
    ["a", "write /visits", '"1"', ["w:content of /visits", "a:attributes of /visits"]],
  ]);
  assert.equal(
    sentence(trace),
    'a read /visits in step 1 (nothing), b wrote it in step 5 ("1"), and a wrote over it in step 6 ("1").',
  );
});

test("RACE-17 a file that was read before it was written, where the write comes", () => {
  const trace = traceOf(CHECK, [
    ["a", "open /key (write, create, only if new)", "fd 3", ["w:/key", "a:names in /"]],
    ["b", "open /key (write, create, only if new)", "EEXIST", ["r:/key"]],
    ["b", "open /key (read)", "fd 3", ["r:/key"]],
    ["b", "read /key", "nothing", ["r:content of /key"]],
    ["a", "write /key", '"a"', ["w:content of /key"]],
    ["a", "open /key (read)", "fd 4", ["r:/key"]],
    ["a", "read /key", '"a"', ["r:content of /key"]],
    ["a", "read /key", "nothing", ["r:content of /key"]],
  ]);
  const expected = { pattern: "half done", look: 1, between: [4], act: 5, resource: "/key" };
  assert.deepEqual(losingWindow(trace), expected);
  assert.equal(
    sentence(trace),
    'a created /key in step 1, b read it in step 4 (nothing), and a only then wrote it in step 5 ("a").',
  );
});

test("RACE-17 a file that was read before it was written, in a run that ended before the write", () => {
  const trace = traceOf({ kind: "rejection", process: "reader", message: "no" }, [
    ["a", "open /settings (write, create, truncate)", "fd 3", ["r:/settings", "w:content of /settings"]],
    ["reader", "open /settings (read)", "fd 3", ["r:/settings"]],
    ["reader", "read /settings", "nothing", ["r:content of /settings"]],
    ["reader", "close /settings", "ok", []],
  ]);
  assert.equal(losingWindow(trace), undefined);
  assert.equal(
    sentence(trace),
    "a emptied /settings in step 1, and reader read it in step 3 (nothing), before a had written it.",
  );
});

test("RACE-07 a kill between the open that empties a file and its write", () => {
  assert.equal(losingWindow(SAMPLES.CRASH_HALFWAY), undefined);
  assert.equal(
    sentence(SAMPLES.CRASH_HALFWAY),
    "a was killed in step 4, right after it emptied /settings.json (step 3): " +
      "/settings.json was left empty, before its new content was written, and a read it in step 7 (nothing).",
  );
});

test("RACE-07 a power loss names the last change that was not flushed", () => {
  const trace = traceOf(CHECK, [
    ["a", "open /f.tmp (write, create, only if new)", "fd 3", ["w:/f.tmp"]],
    ["a", "write /f.tmp", "3 bytes", ["w:content of /f.tmp"]],
    ["a", "rename /f.tmp -> /f", "ok", ["w:/f", "w:/f.tmp"]],
    ["a", "open / (read)", "fd 4", ["r:/"]],
    ["a", "fsync /", "ok", ["w:names in /"]],
    ["", "power loss", "", [], { kind: "power-loss" }],
  ]);
  assert.equal(
    sentence(trace),
    "All processes lost power in step 6; a wrote /f.tmp in step 2 and nothing had flushed that to disk.",
  );
});

test("RACE-12 a deadlock is told as who waits for what, and who made it so", () => {
  assert.equal(losingWindow(SAMPLES.DEADLOCK), undefined);
  assert.equal(
    sentence(SAMPLES.DEADLOCK),
    "a waits: it tried to create /right in step 6 (there already), which b had created in step 2. " +
      "b waits: it tried to create /left in step 4 (there already), which a had created in step 1. " +
      "Nothing is under way that could wake them.",
  );
});

test("RACE-12 a wake-up that came before the wait for it", () => {
  const trace = traceOf({ kind: "deadlock", process: "", message: "a waits" }, [
    ["a", "stat /ready", "ENOENT", ["r:/ready"]],
    ["b", "mkdir /ready", "ok", ["w:/ready", "a:names in /"]],
    ["a", "watch /ready", "watch 1", ["r:/ready"]],
  ]);
  assert.equal(
    sentence(trace),
    "a looked at /ready in step 1 (not there), b created it in step 2, and a began to watch it in step 3. " +
      "a waits: it began to watch /ready in step 3. Nothing is under way that could wake it.",
  );
});

test("RACE-12 a lock that was left", () => {
  const trace = traceOf({ kind: "left-held", process: "a", message: "/lock is still there" }, [
    ["a", "mkdir /lock", "ok", ["w:/lock", "a:names in /"]],
  ]);
  assert.equal(sentence(trace), "a created /lock in step 1 and ended without removing it.");
});

test("RACE-17 a reader in the middle of another's writing", () => {
  assert.equal(
    sentence(SAMPLES.TORN_READ),
    'writer emptied /state.json in step 1, reader read it in step 3 (nothing), and writer only then wrote it in step 4 ("{}").',
  );
});

test("a look at one thing and an act on another", () => {
  const trace = traceOf(CHECK, [
    ["a", "list /on-call", "2 names", ["r:names in /on-call"]],
    ["b", "unlink /on-call/b", "ok", ["w:names in /on-call", "w:/on-call/b"]],
    ["a", "write /note", "3 bytes", ["w:content of /note"]],
  ]);
  assert.equal(
    sentence(trace),
    "a listed /on-call in step 1 (2 names), b removed /on-call/b in step 2, " +
      "and a wrote /note, as if nothing had changed, in step 3.",
  );
});

test("RACE-17 the wait for a lock and the attempt that came through are no window", () => {
  const trace = traceOf(CHECK, [
    ["a", "mkdir /lock", "ok", ["w:/lock"]],
    ["b", "mkdir /lock", "EEXIST", ["r:/lock"]],
    ["b", "read /n", '"1"', ["r:content of /n"]],
    ["a", "write /n", "1 bytes", ["w:content of /n"]],
    ["a", "rmdir /lock", "ok", ["w:/lock"]],
    ["b", "mkdir /lock", "ok", ["w:/lock"]],
    ["b", "write /n", "1 bytes", ["w:content of /n"]],
  ]);
  assert.equal(sentence(trace), 'b read /n in step 3 ("1"), a wrote it in step 4, and b wrote over it in step 7.');
});

test("what a process saw before it was killed is not what it acts on afterwards", () => {
  const trace = traceOf(CHECK, [
    ["a", "read /n", '"1"', ["r:content of /n"]],
    ["a", "killed", "ok", [], { kind: "crash" }],
    ["b", "write /n", "1 bytes", ["w:content of /n"]],
    ["a", "started again", "ok", [], { kind: "restart" }],
    ["a", "write /n", "1 bytes", ["w:content of /n"]],
  ]);
  assert.equal(losingWindow(trace), undefined);
});

test("RACE-17 a half-done change explains more than the wait for a lock, or a look at what was not acted on", () => {
  const torn = (before: Parameters<typeof traceOf>[1]): string | undefined =>
    losingWindow(
      traceOf(CHECK, [
        ...before,
        ["a", "write /n", '"1"', ["w:content of /n"]],
        ["c", "read /n", '"1"', ["r:content of /n"]],
        ["a", "write /n", '"2"', ["w:content of /n"]],
        ["a", "rmdir /lock", "ok", ["w:/lock"]],
        ["b", "mkdir /lock", "ok", ["w:/lock"]],
        ["c", "write /out", '"1"', ["w:content of /out"]],
      ]),
    )?.pattern;
  assert.equal(torn([["b", "mkdir /lock", "EEXIST", ["r:/lock"]]]), "half done");
  const seen: Parameters<typeof traceOf>[1] = [
    ["c", "stat /other", "ok", ["r:/other"]],
    ["a", "unlink /other", "ok", ["w:/other"]],
  ];
  assert.equal(torn(seen), "half done");
});

test("RACE-17 harmless pairs are no window: two additions to a folder, two looks of who waits, the clock", () => {
  const names = traceOf(CHECK, [
    ["a", "mkdir /p", "ok", ["a:names in /"]],
    ["b", "mkdir /q", "ok", ["a:names in /"]],
    ["a", "list /", "2 names", ["r:names in /"]],
  ]);
  assert.equal(losingWindow(names), undefined);
  const looks: Parameters<typeof traceOf>[1] = [
    ["a", "stat /x", "ENOENT", ["r:/x"]],
    ["b", "mkdir /x", "ok", ["w:/x"]],
    ["a", "stat /x", "4096 bytes", ["r:/x"]],
  ];
  assert.equal(losingWindow(traceOf({ kind: "deadlock", process: "", message: "a waits" }, looks)), undefined);
  assert.equal(losingWindow(traceOf(CHECK, looks))?.pattern, "two answers");
  const clock = traceOf(CHECK, [
    ["a", "utimes /x", "ok", ["r:clock"]],
    ["b", "timer of 5 ms", "ok", ["w:clock"], { kind: "timer" }],
    ["a", "write /f", '"1"', ["w:content of /f"]],
  ]);
  assert.equal(losingWindow(clock), undefined);
});

test("a process that stood still in its window says so", () => {
  const trace = traceOf(CHECK, [
    ["a", "stat /lease", "12 bytes", ["r:/lease"]],
    ["a", "stands still", "ok", [], { kind: "stall" }],
    ["b", "rename /lease.b -> /lease", "ok", ["w:/lease", "w:/lease.b"]],
    ["a", "goes on", "ok", [], { kind: "resume" }],
    ["a", "unlink /lease", "ok", ["w:/lease"]],
  ]);
  assert.equal(
    sentence(trace),
    "a looked at /lease in step 1 (12 bytes), b moved /lease.b over it in step 3, " +
      "and a (which stood still from step 2 on) removed it in step 5.",
  );
});

test("the window of any trace: its steps are there, in order, of two processes, and met on its resource", () => {
  fc.assert(
    fc.property(anyTrace(), (trace) => {
      const window = losingWindow(trace);
      const told = sentence(trace);
      assert.ok(told.length > 0 && !/[\u0000-\u001f\u007f-\u009f]/.test(told) && told.isWellFormed());
      if (window === undefined) return;
      const step = (number: number): Step => {
        const found = trace.steps[number - 1];
        assert.ok(found !== undefined);
        return found;
      };
      const look = step(window.look);
      assert.equal(step(window.act).process, look.process);
      assert.ok(look.touched.some(({ what }) => what === window.resource));
      assert.ok(window.between.length > 0);
      let before = window.look;
      for (const number of window.between) {
        assert.ok(number > before && number < window.act);
        assert.notEqual(step(number).process, look.process);
        assert.ok(step(number).touched.some(({ what }) => what === window.resource));
        before = number;
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a trace of 2,000 steps is told in well under a second", () => {
  const began = performance.now();
  assert.notEqual(sentence(longTrace(2_000)), "");
  assert.ok(performance.now() - began < 1_000);
});

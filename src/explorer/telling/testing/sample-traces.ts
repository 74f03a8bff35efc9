// Traces as the explorer writes them, for the tests of what people read: each one a failure of a well-known kind.

import type { Step, StepKind, TouchedResource, Trace, Violation } from "../../trace.ts";
import { TRACE_FORMAT, TRACE_VERSION } from "../../trace.ts";

/** `r:/lock`, `w:content of /f`, `a:names in /`. */
type Touches = readonly string[];

interface Row {
  readonly kind?: StepKind;
  readonly failed?: boolean;
  readonly atMs?: number;
  readonly site?: string;
}

const ACCESS = { r: "read", a: "add", w: "write" } as const;

/** One step: `row("a", "mkdir /lock", "ok", ["w:/lock"])`. */
type Sketch = readonly [process: string, call: string, outcome: string, touched: Touches, more?: Row];

/** A trace of the steps sketched, numbered from 1. */
export function traceOf(violation: Violation, sketches: readonly Sketch[]): Trace {
  const counts = new Map<string, number>();
  let atMs = 0;
  const steps = sketches.map(([process, call, outcome, touched, more = {}], index): Step => {
    const count = (counts.get(process) ?? 0) + 1;
    counts.set(process, count);
    atMs = more.atMs ?? atMs;
    return {
      number: index + 1,
      kind: more.kind ?? "effect",
      process,
      choice: `${process}.${count}`,
      call,
      outcome,
      failed: more.failed ?? /^E[A-Z]+$/.test(outcome),
      atMs,
      touched: touched.map(touch),
      ...(more.site === undefined ? {} : { site: more.site }),
    };
  });
  let switches = 0;
  for (const [index, step] of steps.entries()) {
    if (index > 0 && steps[index - 1]?.process !== step.process) switches += 1;
  }
  const file = "/home/me/project/sample.race.ts";
  return {
    format: TRACE_FORMAT,
    version: TRACE_VERSION,
    file,
    exported: "default",
    options: {},
    violation,
    steps,
    switches,
    preemptions: Math.max(0, switches - 1),
  };
}

function touch(text: string): TouchedResource {
  const letter = text[0] as keyof typeof ACCESS;
  return { what: text.slice(2), access: ACCESS[letter] };
}

function reads(process: string, path: string, content: string, site: string): Sketch[] {
  return [
    [process, `open ${path} (read)`, "fd 3", [`r:${path}`], { site }],
    [process, `fstat ${path}`, `${content.length} bytes`, [`r:content of ${path}`], { site }],
    [process, `read ${path}`, JSON.stringify(content), [`r:content of ${path}`], { site }],
    [process, `read ${path}`, "nothing", [`r:content of ${path}`], { site }],
    [process, `close ${path}`, "ok", [], { site }],
  ];
}

function writes(process: string, path: string, content: string, site: string): Sketch[] {
  return [
    [process, `open ${path} (write, create, truncate)`, "fd 3", [`r:${path}`, `w:content of ${path}`], { site }],
    [process, `write ${path}`, JSON.stringify(content), [`w:content of ${path}`], { site }],
    [process, `close ${path}`, "ok", [], { site }],
  ];
}

/** Both processes withdraw 30 of 100 through `readFile` and `writeFile`. */
export const LOST_UPDATE = traceOf(
  { kind: "check", process: "", message: "Expected values to be strictly equal:\n\n'70' !== '40'\n" },
  [
    ...reads("a", "/balance", "100", "balance.race.ts:6:24"),
    ...reads("b", "/balance", "100", "balance.race.ts:6:24"),
    ...writes("b", "/balance", "70", "balance.race.ts:7:9"),
    ...writes("a", "/balance", "70", "balance.race.ts:7:9"),
  ],
);

/** Looks whether the lock is there, then makes it; the second one's `mkdir` fails. */
export const STAT_THEN_MKDIR = traceOf(
  { kind: "rejection", process: "b", message: "EEXIST: file already exists, mkdir '/lock'" },
  [
    ["a", "stat /lock", "ENOENT", ["r:/lock"], { site: "lock.race.ts:4:9" }],
    ["b", "stat /lock", "ENOENT", ["r:/lock"], { site: "lock.race.ts:4:9" }],
    ["a", "mkdir /lock", "ok", ["w:/lock", "a:names in /"], { site: "lock.race.ts:5:9" }],
    ["b", "mkdir /lock", "EEXIST", ["r:/lock"], { site: "lock.race.ts:5:9" }],
  ],
);

/** Three processes meet a lock whose holder died. Two of them see it stale, and the second removes what the first made. */
export const STALE_TAKEOVER = traceOf({ kind: "exception", process: "c", message: "two holders: b and c" }, [
  ["a", "mkdir /lock", "ok", ["w:/lock", "a:names in /"], { site: "lock.ts:18:11" }],
  ["a", "killed", "ok", [], { kind: "crash" }],
  ["b", "mkdir /lock", "EEXIST", ["r:/lock"], { atMs: 10_001, site: "lock.ts:18:11" }],
  [
    "b",
    "stat /lock",
    "directory, modified at 0 ms",
    ["r:/lock", "r:times of /lock", "r:clock"],
    { site: "lock.ts:22:17" },
  ],
  ["c", "mkdir /lock", "EEXIST", ["r:/lock"], { site: "lock.ts:18:11" }],
  [
    "c",
    "stat /lock",
    "directory, modified at 0 ms",
    ["r:/lock", "r:times of /lock", "r:clock"],
    { site: "lock.ts:22:17" },
  ],
  ["b", "rmdir /lock", "ok", ["w:/lock", "a:names in /"], { site: "lock.ts:27:11" }],
  ["b", "mkdir /lock", "ok", ["w:/lock", "a:names in /"], { site: "lock.ts:18:11" }],
  ["c", "rmdir /lock", "ok", ["w:/lock", "a:names in /"], { site: "lock.ts:27:11" }],
  ["c", "mkdir /lock", "ok", ["w:/lock", "a:names in /"], { site: "lock.ts:18:11" }],
]);

/** Killed after the open that empties the file, before the write. */
export const CRASH_HALFWAY = traceOf({ kind: "check", process: "", message: "Unexpected end of JSON input" }, [
  ["a", "open /settings.json (read)", "fd 3", ["r:/settings.json"], { site: "settings.ts:9:30" }],
  ["a", "read /settings.json", '"{\\"n\\":1}"', ["r:content of /settings.json"], { site: "settings.ts:9:30" }],
  [
    "a",
    "open /settings.json (write, create, truncate)",
    "fd 4",
    ["r:/settings.json", "w:content of /settings.json"],
    { site: "settings.ts:11:9" },
  ],
  ["a", "killed", "ok", [], { kind: "crash" }],
  ["a", "started again", "ok", [], { kind: "restart" }],
  ["a", "open /settings.json (read)", "fd 3", ["r:/settings.json"], { site: "settings.ts:9:30" }],
  ["a", "read /settings.json", "nothing", ["r:content of /settings.json"], { site: "settings.ts:9:30" }],
]);

/** Two locks taken in opposite orders; each process waits for the other's to go. */
export const DEADLOCK = traceOf(
  { kind: "deadlock", process: "", message: "a and b wait, and nothing is under way that could wake them" },
  [
    ["a", "mkdir /left", "ok", ["w:/left", "a:names in /"], { site: "two-locks.ts:3:5" }],
    ["b", "mkdir /right", "ok", ["w:/right", "a:names in /"], { site: "two-locks.ts:9:5" }],
    ["b", "watch /", "watch 1", ["r:names in /"], { site: "two-locks.ts:10:5" }],
    ["b", "mkdir /left", "EEXIST", ["r:/left"], { site: "two-locks.ts:11:5" }],
    ["a", "watch /", "watch 1", ["r:names in /"], { site: "two-locks.ts:4:5" }],
    ["a", "mkdir /right", "EEXIST", ["r:/right"], { site: "two-locks.ts:5:5" }],
  ],
);

/** A reader in the middle of `writeFile`. */
export const TORN_READ = traceOf(
  { kind: "rejection", process: "reader", message: "SyntaxError: Unexpected end of JSON input" },
  [
    [
      "writer",
      "open /state.json (write, create, truncate)",
      "fd 3",
      ["r:/state.json", "w:content of /state.json"],
      { site: "state.ts:14:9" },
    ],
    ["reader", "open /state.json (read)", "fd 3", ["r:/state.json"], { site: "state.ts:20:30" }],
    ["reader", "read /state.json", "nothing", ["r:content of /state.json"], { site: "state.ts:20:30" }],
    ["writer", "write /state.json", '"{}"', ["w:content of /state.json"], { site: "state.ts:14:9" }],
    ["writer", "close /state.json", "ok", [], { site: "state.ts:14:9" }],
  ],
);

export const SAMPLES = { LOST_UPDATE, STAT_THEN_MKDIR, STALE_TAKEOVER, CRASH_HALFWAY, DEADLOCK, TORN_READ };

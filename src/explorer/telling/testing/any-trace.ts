// Any trace that could be read from a file, sensible or not: names and outcomes are whatever the program chose.

import fc from "fast-check";
import type { Step, Trace, Violation } from "../../trace.ts";
import { TRACE_FORMAT, TRACE_VERSION } from "../../trace.ts";

/** Characters that steer terminals, close tags, take two columns or none, or are halves. */
const NASTY = [
  "\u001b[2J",
  "\u009b31m",
  "\n",
  "\r",
  "\t",
  "\0",
  "\u202e",
  "\u200b",
  "\ud800",
  "\u0301",
  "漢",
  "🙂",
  "👩‍👧",
  "</script>",
  "<!--",
  "&amp;",
  '"',
  "'",
  "`",
  " -> ",
  " (",
  ")",
  "$&",
  "%",
  "/",
  "a",
  "b ",
];

export const anyText = (maxLength = 12): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...NASTY), { maxLength }).map((parts) => parts.join(""));

const anyName = fc.oneof(fc.constantFrom("a", "b", "c", "writer"), anyText(6));
const anyCall = fc.oneof(
  fc.constantFrom(
    "mkdir /lock",
    "rmdir /lock",
    "stat /lock",
    "read /f",
    "write /f",
    "open /f (write, create, truncate)",
  ),
  fc.constantFrom(
    "open /f (read)",
    "rename /f -> /g",
    "link /f -> /lock",
    "watch /",
    "timer 50 ms",
    "close /f",
    "fsync /f",
  ),
  fc
    .tuple(fc.constantFrom("mkdir ", "open ", "rename ", "symlink ", "read ", ""), anyText())
    .map((parts) => parts.join("")),
);
const anyTouched = fc.array(
  fc.record({
    what: fc.oneof(fc.constantFrom("/lock", "/f", "content of /f", "names in /", "clock", ""), anyText(4)),
    access: fc.constantFrom("read" as const, "add" as const, "write" as const),
  }),
  { maxLength: 3 },
);
const anyKind = fc.oneof(
  { weight: 6, arbitrary: fc.constant("effect" as const) },
  fc.constantFrom(
    "start",
    "end",
    "timer",
    "notice",
    "message",
    "crash",
    "restart",
    "power-loss",
    "stall",
    "resume",
    "network" as const,
  ),
);

const anyStep = fc.record(
  {
    kind: anyKind,
    process: anyName,
    choice: anyText(2),
    call: anyCall,
    outcome: fc.oneof(fc.constantFrom("ok", "ENOENT", "EEXIST", '""', '"100"', "fd 3", "2 bytes", ""), anyText()),
    failed: fc.boolean(),
    atMs: fc.nat({ max: 100_000_000 }),
    touched: anyTouched,
    site: anyText(),
  },
  { requiredKeys: ["kind", "process", "choice", "call", "outcome", "failed", "atMs", "touched"] },
);

const anyViolation: fc.Arbitrary<Violation> = fc.record({
  kind: fc.constantFrom(
    "check",
    "rejection",
    "exception",
    "deadlock",
    "left-held",
    "unbounded",
    "nondeterminism",
    "exit-code" as const,
  ),
  process: fc.oneof(fc.constant(""), anyName),
  message: anyText(20),
});

/** A trace of up to `maxLength` steps. */
export function anyTrace(maxLength = 25): fc.Arbitrary<Trace> {
  return fc.tuple(anyViolation, fc.array(anyStep, { maxLength })).map(([violation, drawn]) => {
    const steps = drawn.map((step, index): Step => {
      const process = step.kind === "power-loss" ? "" : step.process;
      return { ...step, process, number: index + 1 } as Step;
    });
    return { format: TRACE_FORMAT, version: TRACE_VERSION, options: {}, violation, steps, switches: 0, preemptions: 0 };
  });
}

/** A trace of many steps, as long as the drawings have to cope with. */
export function longTrace(length: number): Trace {
  const steps = Array.from({ length }, (_, index): Step => {
    const process = "abc"[Math.floor(index / 3) % 3] ?? "a";
    const [verb, access] = index % 2 === 0 ? (["read", "read"] as const) : (["write", "write"] as const);
    return {
      number: index + 1,
      kind: "effect",
      process,
      choice: `${process}.${index}`,
      call: `${verb} /f${index % 5}`,
      outcome: "ok",
      failed: false,
      atMs: index,
      touched: [{ what: `content of /f${index % 5}`, access }],
      site: `f.ts:${index}:1`,
    };
  });
  const violation: Violation = { kind: "check", process: "", message: "no" };
  return { format: TRACE_FORMAT, version: TRACE_VERSION, options: {}, violation, steps, switches: 0, preemptions: 0 };
}

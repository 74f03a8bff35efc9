// What a step did, in words: `mkdir /lock` that failed with EEXIST is "tried to create /lock (there already)".

import type { Step } from "../trace.ts";
import { printable, shortened } from "./printable.ts";

export interface Deed {
  /** `mkdir`, `open`, `read`; the first word of whatever else the step was. */
  readonly verb: string;
  /** What it was done to; "" when the call names nothing. */
  readonly path: string;
  /** Where `rename` and `link` put it, what a `symlink` leads to; "" for all others. */
  readonly to: string;
  /** What an `open` asked for: `write`, `create`, `truncate`, ... */
  readonly flags: readonly string[];
}

/** The words for a deed on `it`: done, and only attempted. `%` stands for what it was done to. */
type Words = readonly [done: string, attempted: string];

const WORDS: Readonly<Record<string, Words>> = {
  open: ["opened %", "open %"],
  close: ["closed %", "close %"],
  read: ["read %", "read %"],
  write: ["wrote %", "write %"],
  truncate: ["cut % short", "cut % short"],
  ftruncate: ["cut % short", "cut % short"],
  fsync: ["flushed %", "flush %"],
  fdatasync: ["flushed %", "flush %"],
  stat: ["looked at %", "look at %"],
  lstat: ["looked at %", "look at %"],
  fstat: ["looked at %", "look at %"],
  access: ["looked at %", "look at %"],
  mkdir: ["created %", "create %"],
  mkdtemp: ["created %", "create %"],
  rmdir: ["removed %", "remove %"],
  unlink: ["removed %", "remove %"],
  rename: ["moved %", "move %"],
  link: ["linked %", "link %"],
  symlink: ["made a link %", "make a link %"],
  readlink: ["read the link %", "read the link %"],
  realpath: ["looked up %", "look up %"],
  list: ["listed %", "list %"],
  chmod: ["changed the permissions of %", "change the permissions of %"],
  fchmod: ["changed the permissions of %", "change the permissions of %"],
  chown: ["changed the owner of %", "change the owner of %"],
  fchown: ["changed the owner of %", "change the owner of %"],
  lchown: ["changed the owner of %", "change the owner of %"],
  utimes: ["set the times of %", "set the times of %"],
  futimes: ["set the times of %", "set the times of %"],
  lutimes: ["set the times of %", "set the times of %"],
  watch: ["began to watch %", "watch %"],
  unwatch: ["stopped watching %", "stop watching %"],
};
/** The flag of an `open` that fails where the name is taken. */
const EXCLUSIVE = "only if new";
const LOOKS = new Set(["stat", "lstat", "fstat", "access", "realpath", "readlink"]);
const CREATES = new Set(["mkdir", "mkdtemp", "link", "symlink"]);
const CHANGES = new Set([...CREATES, "write", "truncate", "ftruncate", "rmdir", "unlink", "rename"]);
/** What a read at a file's end, or of an empty file, is told as. */
export const NOTHING = "nothing";
const TWO_PATHS = new Set(["rename", "link", "symlink"]);
const FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "not there",
  EEXIST: "there already",
  ENOTEMPTY: "not empty",
  EACCES: "not allowed",
  EPERM: "not allowed",
  EBUSY: "busy",
  ENOTDIR: "not a folder",
  EISDIR: "a folder",
  EBADF: "not open",
};

/** The parts of a step's `call`. */
export function deed(step: Step): Deed {
  const { call } = step;
  const space = call.indexOf(" ");
  if (space < 0) return { verb: call, path: "", to: "", flags: [] };
  const verb = call.slice(0, space);
  const rest = call.slice(space + 1);
  if (TWO_PATHS.has(verb)) {
    const [path = "", ...to] = rest.split(" -> ");
    return { verb, path, to: to.join(" -> "), flags: [] };
  }
  const bracket = verb === "open" && rest.endsWith(")") ? rest.lastIndexOf(" (") : -1;
  if (bracket < 0) return { verb, path: rest, to: "", flags: [] };
  return { verb, path: rest.slice(0, bracket), to: "", flags: rest.slice(bracket + 2, -1).split(/, | and /) };
}

/** Whether the step is of the kind that changes what it names, whatever came of it. */
export function wouldChange(step: Step): boolean {
  const { verb, flags } = deed(step);
  return CHANGES.has(verb) || (verb === "open" && (flags.includes("create") || flags.includes("truncate")));
}

/** Whether the step took a name only if nobody had it: it needs no look before. */
export function takesAtomically(step: Step): boolean {
  const { verb, flags } = deed(step);
  return !step.failed && (CREATES.has(verb) || flags.includes(EXCLUSIVE));
}

export function emptied(step: Step): boolean {
  return !step.failed && deed(step).flags.includes("truncate");
}

/** Whether the step made the name it was given. */
export function created(step: Step): boolean {
  const { verb, path, flags } = deed(step);
  if (step.failed) return false;
  if (verb === "open") {
    return flags.includes(EXCLUSIVE) || step.touched.some(({ what, access }) => what === path && access !== "read");
  }
  return CREATES.has(verb);
}

/** "created /lock", "tried to create it": the deed, with `it` for `known`, the path that was named before. */
export function doing(step: Step, known = ""): string {
  const { verb, path, to } = deed(step);
  if (step.kind !== "effect") return other(step);
  const name = (one: string): string => (one === known && one !== "" ? "it" : brief(one));
  const words = WORDS[verb];
  if (words === undefined) return `did \`${brief(step.call)}\``;
  const attempted = step.failed && !LOOKS.has(verb);
  if (TWO_PATHS.has(verb))
    return `${attempted ? `tried to ${words[1]}` : words[0]}`.replace("%", () => twoPaths(verb, name(path), name(to)));
  const phrase = attempted ? `tried to ${words[1]}` : (opened(step) ?? words[0]);
  return phrase.replace("%", () => name(path)).trimEnd();
}

function twoPaths(verb: string, from: string, to: string): string {
  if (verb === "symlink") return `${from} to ${to}`;
  if (verb === "link") return `${from} as ${to}`;
  return to === "it" ? `${from} over it` : `${from} to ${to}`;
}

function opened(step: Step): string | undefined {
  if (deed(step).verb !== "open") return undefined;
  if (created(step)) return "created %";
  return emptied(step) ? "emptied %" : undefined;
}

function other(step: Step): string {
  if (step.kind === "timer") return `woke up (${brief(step.call)})`;
  if (step.kind === "notice") return `was told of a change (${brief(step.call)})`;
  if (step.kind === "crash") return "was killed";
  if (step.kind === "restart") return "was started again";
  if (step.kind === "stall") return "stood still";
  if (step.kind === "resume") return "went on";
  if (step.kind === "start") return "started";
  return `did \`${brief(step.call)}\``;
}

/** What came of it, in brackets after a space, or nothing when the deed says it all: ` ("100")`, ` (not there)`. */
export function answer(step: Step): string {
  const { verb } = deed(step);
  if (step.kind !== "effect") return "";
  if (step.failed) {
    const plain = FAILURES[step.outcome];
    return ` (${plain ?? brief(step.outcome)})`;
  }
  if (LOOKS.has(verb)) return ` (${step.outcome === "ok" ? "there" : brief(step.outcome)})`;
  const silent =
    /^(?:ok|fd \d+|watch \d+|)$/.test(step.outcome) || (verb === "write" && /^\d+ bytes?$/.test(step.outcome));
  return silent ? "" : ` (${brief(step.outcome)})`;
}

/** Names and contents can be thousands of characters; a sentence cannot. */
function brief(text: string): string {
  return shortened(printable(text), 60);
}

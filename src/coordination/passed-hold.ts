// A hold that is passed on: whoever has its text may work under a lock that somebody else holds, instead of waiting for it.
//
// The text names the lock, the generation and a secret. In the lock directory stands only a hash of the secret, in a name
// (`7.<hash>.passed`, made when the hold is passed on and swept with its generation): who can list the directory cannot
// claim the hold. A text is good as long as that very generation is the lock's state and its holder lives.
//
// Those who work under one hold exclude each other by a lock of their own, `.within`, in the directory of the one that is
// held: each takes it as any lock is taken, and may pass that on in turn. So a text lists holds, outermost first.
//
// Claim: 1. look whether the hold is good  2. take `.within`  3. LOOK AGAIN: if the hold ended since, give back and refuse.
// What is written under it is checked once more right before it becomes visible (`assertHeld`).

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { writeFileSync } from "node:fs";
import { HoldfastError } from "../errors.ts";
import { fileOf, look, PASSED, readRecord } from "./generations.ts";
import { scopeOf } from "./lock-options.ts";
import { judge } from "./owner.ts";

/** The environment variable in which `holdfast lock run` gives its hold to the command, and commands look for one. */
export const HOLD_VARIABLE = "HOLDFAST_HOLD";

const FORM = /^hold1\.(\d{1,2})\.(\d{1,15})\.([\w-]{43})\.([\w-]+)$/;
const SECRET_BYTES = 32;
/** More than anybody nests; bounds what is made of a text. */
const MOST_HOLDS = 64;

/** One hold, as a text has it. */
interface PassedHold {
  /** The directory of the lock, absolute. */
  readonly root: string;
  /** How many `.within` below it what is held lies. */
  readonly depth: number;
  readonly generation: number;
  readonly secret: Buffer;
}

/** The directory of the lock that those who share a hold of the one in `dir` take among themselves. */
export function within(dir: string): string {
  return `${dir}/.within`;
}

/** A hold that was made claimable. */
export interface PassedOn {
  /** What claims it. */
  readonly text: string;
  /** The file that makes it claimable. */
  readonly mark: string;
}

/** Makes `generation` of the lock at `root`, or of the one so many `.within` below it, claimable. */
export function passOn(root: string, depth: number, generation: number): PassedOn {
  const secret = randomBytes(SECRET_BYTES);
  const mark = `${fileOf(dirOf(root, depth), generation)}.${hashOf(secret)}${PASSED}`;
  writeFileSync(mark, "", { flag: "wx" });
  const words = [secret, Buffer.from(root)].map((bytes) => bytes.toString("base64url"));
  return { text: `hold1.${depth}.${generation}.${words.join(".")}`, mark };
}

/** The holds of a text, looked at when they are claimed. Never prints its secrets. */
export class PassedHolds {
  readonly #holds: readonly PassedHold[];

  /** Throws `LOCK_NOT_PASSED` for a text that nobody passed on. */
  constructor(text: string) {
    this.#holds = parse(text);
  }

  /** The directories of the locks that are held. */
  get roots(): readonly string[] {
    return [...new Set(this.#holds.map((hold) => hold.root))];
  }

  /** True when `dir` itself is what one of the holds holds. */
  includes(dir: string): boolean {
    return this.#holds.some((hold) => dirOf(hold.root, hold.depth) === dir);
  }

  /** The hold of the lock at `root`, found good. Throws `LOCK_NOT_PASSED` when there is none or it is forged, `LOCK_LOST`
   *  when it has ended. */
  claim(root: string): Claim {
    const holds = this.#holds.filter((hold) => hold.root === root).sort((a, b) => a.depth - b.depth);
    const [outermost, deepest] = [holds[0], holds.at(-1)];
    if (outermost === undefined || deepest === undefined) {
      throw notPassed(
        `the hold that was given is one of ${this.roots.map(scopeOf).join(", ")}, not of ${scopeOf(root)}`,
      );
    }
    for (const hold of holds) requireGood(hold);
    return new Claim(root, deepest.depth, outermost.generation, holds);
  }
}

/** A hold of somebody else's that was good when it was claimed. */
export class Claim {
  /** What is held, and may now be worked under. */
  readonly dir: string;
  readonly depth: number;
  /** The generation of the lock itself: the fencing token. */
  readonly generation: number;
  readonly #holds: readonly PassedHold[];

  constructor(root: string, depth: number, generation: number, holds: readonly PassedHold[]) {
    this.dir = dirOf(root, depth);
    this.depth = depth;
    this.generation = generation;
    this.#holds = holds;
  }

  /** Throws `LOCK_LOST` once the hold, or one that it stands on, has ended. */
  assertHeld(): void {
    for (const hold of this.#holds) requireCurrent(hold);
  }
}

/** `texts` as one, each hold once. */
export function joinHolds(texts: readonly string[]): string {
  return [...new Set(texts.flatMap((text) => text.split(",")))].join(",");
}

function parse(text: string): PassedHold[] {
  const parts = typeof text === "string" ? text.trim().split(",", MOST_HOLDS) : [];
  return parts.map((part) => {
    const [, depth, generation, secret = "", root = ""] = FORM.exec(part) ?? [];
    const path = Buffer.from(root, "base64url").toString();
    if (!path.startsWith("/") || part.length > 8192) throw notPassed("the hold that was given is none");
    const bytes = Buffer.from(secret, "base64url");
    return { root: path, depth: Number(depth), generation: Number(generation), secret: bytes };
  });
}

function requireGood(hold: PassedHold): void {
  const names = requireCurrent(hold);
  const wanted = Buffer.from(hashOf(hold.secret));
  const isPassed = names.some((name) => {
    const hash = new RegExp(`^${hold.generation}\\.([0-9a-f]{64})${PASSED.replace(".", "\\.")}$`).exec(name)?.[1];
    return hash !== undefined && timingSafeEqual(Buffer.from(hash), wanted); // guard: secret
  });
  if (!isPassed) throw notPassed(`the hold of ${scopeOf(hold.root)} that was given was never passed on`);
}

/** Returns the names in the lock directory. */
function requireCurrent(hold: PassedHold): readonly string[] {
  const dir = dirOf(hold.root, hold.depth);
  const view = look(dir);
  if (view.highest === hold.generation && !view.released) {
    const record = readRecord(fileOf(dir, hold.generation));
    if (record !== "gone" && record !== "unreadable" && judge(record) !== "dead") return view.names;
  }
  throw new HoldfastError(
    "LOCK_LOST",
    `the hold of ${scopeOf(hold.root)} (generation ${hold.generation}) that was passed on has ended`,
    {
      hint: "Whoever passed it on has given the lock back, lost it or died. Nothing was committed; start again under a hold that lasts, or without one.",
      details: { path: hold.root, generation: hold.generation },
    },
  );
}

function notPassed(
  what: string,
  hint = `Give the text that the holder passed on, or none: what does not belong under it runs without it (\`env -u ${HOLD_VARIABLE} COMMAND\`).`,
): HoldfastError {
  return new HoldfastError("LOCK_NOT_PASSED", what, { hint });
}

/** For work that a hold does not cover. */
export function notCovered(wanted: string, roots: readonly string[]): HoldfastError {
  return notPassed(
    `the hold that was given is one of ${roots.map(scopeOf).join(", ")}, which does not cover ${wanted}`,
    "Take a hold that covers it (`structural` covers a whole store), or do it outside of that hold, once it has ended.",
  );
}

function dirOf(root: string, depth: number): string {
  let dir = root;
  for (let level = 0; level < depth; level += 1) dir = within(dir);
  return dir;
}

function hashOf(secret: Buffer): string {
  return createHash("sha256").update(secret).digest("hex");
}

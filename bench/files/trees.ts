// Seeded trees of files, and when a folder holds the same.

import { type Dirent, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const MEDIAN_BYTES = 2_048;
const MEAN_BYTES = 6_000;
/** Of a log-normal distribution: mean = median * exp(sigma^2 / 2). */
const SIGMA = Math.sqrt(2 * Math.log(MEAN_BYTES / MEDIAN_BYTES));
const LARGEST_BYTES = 4_000_000;
const POOL_BYTES = 8_000_000;
/** One file of so many is not text. */
const BINARY_EVERY = 5;

/** Sizes in bytes by path, relative to the tree. */
export type Tree = ReadonlyMap<string, number>;

/** Mulberry32: small, seeded, good enough for sizes and words. */
export function generator(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Text of words of a vocabulary of 5,000, in lines: what an index of text has to work on. */
function textPool(random: () => number, bytes: number): Buffer {
  const words = Array.from({ length: 5_000 }, () =>
    Array.from({ length: 2 + Math.floor(random() * 9) }, () => String.fromCharCode(97 + random() * 26)).join(""),
  );
  const parts: string[] = [];
  for (let length = 0; length < bytes; ) {
    const word = words[Math.floor(random() ** 2 * words.length)] ?? "";
    parts.push(word, random() < 0.1 ? "\n" : " ");
    length += word.length + 1;
  }
  return Buffer.from(parts.join("")).subarray(0, bytes);
}

/** Makes a tree of `files` files in about `directories` directories; no two files are alike. */
export function makeTree(root: string, files: number, directories: number, seed = 1, bytesOf?: () => number): Tree {
  const random = generator(seed);
  const text = textPool(random, POOL_BYTES);
  const binary = Buffer.from(Uint32Array.from({ length: POOL_BYTES / 4 }, () => random() * 2 ** 32).buffer);
  const names = Array.from({ length: directories }, (_, index) => join(`part-${index % 20}`, `dir-${index}`));
  for (const name of names) mkdirSync(join(root, name), { recursive: true });
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const logNormal = (): number => Math.min(LARGEST_BYTES, Math.round(MEDIAN_BYTES * Math.exp(SIGMA * normal())));
  const tree = new Map<string, number>();
  for (let index = 0; index < files; index += 1) {
    const isBinary = index % BINARY_EVERY === 0;
    const path = join(names[index % directories] ?? "", `file-${index}.${isBinary ? "bin" : "txt"}`);
    const mark = Buffer.from(`${seed} ${index}\n`);
    const bytes = Math.max(mark.length, (bytesOf ?? logNormal)());
    const pool = isBinary ? binary : text;
    const at = Math.floor(random() * (POOL_BYTES - bytes));
    writeFileSync(join(root, path), Buffer.concat([mark, pool.subarray(at, at + bytes - mark.length)]));
    tree.set(path, bytes);
  }
  return tree;
}

export function bytesIn(tree: Tree): number {
  return [...tree.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function filesBelow(root: string, dir = ""): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, dir), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}

/** True when `root` holds the files of `tree`, no other, each of its size. */
function hasNamesAndSizes(root: string, tree: Tree): boolean {
  const files = filesBelow(root);
  return (
    files.length === tree.size &&
    files.every((path) => statSync(join(root, path), { throwIfNoEntry: false })?.size === tree.get(path))
  );
}

/**
 * Waits until `copy` is byte-identical to `original`. Resolves to the time, ms of the monotonic clock, at which all names
 * and sizes were there and after which all bytes were found alike: reading them is not part of what is measured.
 */
export async function untilAlike(original: string, copy: string, tree: Tree, limitMs = 180_000): Promise<number> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const lookedAt = performance.now();
    const isThere = hasNamesAndSizes(copy, tree);
    const at = performance.now();
    if (isThere) {
      if ([...tree.keys()].every((path) => sameBytes(join(original, path), join(copy, path)))) return at;
    }
    if (at > deadline) throw new Error(`not alike within ${limitMs / 1_000} s: ${original} and ${copy}`);
    // Looking must not slow down what is looked at: a tenth of one processor at most.
    await pause(Math.max(3, 9 * (at - lookedAt)));
  }
}

function sameBytes(a: string, b: string): boolean {
  try {
    return readFileSync(a).equals(readFileSync(b));
  } catch {
    return false;
  }
}

// Arguments that are not UTF-8. Node puts U+FFFD in the place of what it cannot read, so a name would silently become
// another one; what was given stands in /proc.

import { readFileSync } from "node:fs";
import { HoldfastError } from "../errors.ts";

const REPLACEMENT = "\ufffd";

/** Throws `BAD_NAME` for an argument that was not UTF-8. Where the system does not show the bytes, all pass. */
export function refuseBrokenArguments(argv: readonly string[]): void {
  if (!argv.some((arg) => arg.includes(REPLACEMENT))) return;
  const given = givenBytes().slice(-argv.length);
  if (given.length !== argv.length) return;
  for (const [index, bytes] of given.entries()) {
    if (isUtf8(bytes)) continue;
    throw new HoldfastError("BAD_NAME", `the argument ${JSON.stringify(argv[index])} is not UTF-8`, {
      hint: "Names and paths are UTF-8 here: rename the file, or pipe its content in under a name that is.",
    });
  }
}

function givenBytes(): Buffer[] {
  try {
    const line = readFileSync("/proc/self/cmdline");
    const args: Buffer[] = [];
    for (let at = 0; at < line.length; ) {
      const end = line.indexOf(0, at);
      args.push(line.subarray(at, end === -1 ? line.length : end));
      at = end === -1 ? line.length : end + 1;
    }
    return args;
  } catch {
    return []; // no /proc here
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

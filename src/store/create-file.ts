// Making a file that is there whole or not at all, and that only one of several makers makes.

import { randomUUID } from "node:crypto";
import { linkSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode, withPath } from "../errors.ts";
import { fsyncPath } from "./durable.ts";

/** Creates `path`, or leaves the one that is there: false. One link(2), so two creators cannot both win. On failure
 *  nothing stays behind; throws `DISK_FULL` and its like with the path. */
export function createFile(path: string, text: string, mode: number): boolean {
  const temporary = `${path}.${randomUUID()}`;
  try {
    writeFileSync(temporary, text, { mode, flag: "wx", flush: true });
    linkSync(temporary, path);
    fsyncPath(dirname(path));
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw withPath(error, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { HoldfastError } from "../errors.ts";
import type { Call } from "./call.ts";

/**
 * A path that a person gave, as the name it has in the workspace: from the current folder, or with `-C` from the
 * workspace's. Throws `USAGE` for a path outside of it.
 */
export function pathInFolder(call: Call, path: string): string {
  const folder = call.folder();
  const absolute = isAbsolute(path)
    ? resolve(path)
    : call.chosenFolder === undefined
      ? resolve(call.cwd, path)
      : join(folder, path);
  const inside = relative(folder, absolute);
  if (inside !== "" && inside !== ".." && !inside.startsWith(`..${sep}`)) return inside.split(sep).join("/");
  throw new HoldfastError("USAGE", `${path} is not a path in ${folder}`, {
    hint: "Name a file of the workspace, or pick another one with -C.",
  });
}

// For tests: preloaded into a real process, gives it as few directory watches as a file says, as a system does whose limit
// of them is reached: `watch` throws ENOSPC.

import fs, { type FSWatcher } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** The environment of a process that has as many watches as the file at `path` says; it may be changed at any time. */
export function fewWatches(path: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${import.meta.url}`, HOLDFAST_FEW_WATCHES: path };
}

const limitFile = process.env.HOLDFAST_FEW_WATCHES;

if (limitFile !== undefined && limitFile !== "") {
  const { watch } = fs;
  const open = new Set<FSWatcher>();
  fs.watch = ((path: string, ...rest: [never]) => {
    if (open.size >= Number(fs.readFileSync(limitFile, "utf8"))) {
      throw Object.assign(new Error(`ENOSPC: System limit for number of file watchers reached, watch '${path}'`), {
        code: "ENOSPC",
        errno: -28,
        syscall: "watch",
        path,
      });
    }
    const each = watch(path, ...rest);
    open.add(each);
    each.on("close", () => open.delete(each));
    return each;
  }) as typeof fs.watch;
  syncBuiltinESMExports();
}

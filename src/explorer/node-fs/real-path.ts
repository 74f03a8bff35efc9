// `fs.realpath` and `fs.realpathSync`: Node walks the path itself, asking of each name whether it is a link.

import { constants } from "node:fs";
import { resolve } from "node:path";
import { optionsOf, pathOf } from "./arguments.ts";
import { call, type Program } from "./program.ts";
import { encoded } from "./stats.ts";

const { S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK } = constants;

/** `cwd` is the directory of the process, for a relative path. */
export function* realpath(cwd: () => string, given: unknown, options?: unknown): Program<string | Buffer> {
  const { encoding } = optionsOf(options);
  const start = pathOf(given instanceof URL ? given : String(given));
  return encoded(yield* walk(start.startsWith("/") ? resolve(start) : resolve(cwd(), start)), encoding);
}

function* walk(start: string): Program<string> {
  const links = new Map<string, string>();
  const known = new Set<string>();
  let path = start;
  let at = 1;
  let endsInPipe = false;
  while (at < path.length) {
    const slash = path.indexOf("/", at);
    const base = slash === -1 ? path : path.slice(0, slash);
    const next = slash === -1 ? path.length : slash + 1;
    if (known.has(base)) {
      if (endsInPipe) break;
      at = next;
      continue;
    }
    const { mode, dev, ino } = yield* call("lstat", base);
    if ((mode & S_IFMT) !== S_IFLNK) {
      known.add(base);
      at = next;
      continue;
    }
    const id = `${dev}:${ino}`;
    let target = links.get(id);
    if (target === undefined) {
      const { mode: aim } = yield* call("stat", base);
      endsInPipe = (aim & S_IFMT) === S_IFIFO || (aim & S_IFMT) === S_IFSOCK;
      target = yield* call("readlink", base);
      links.set(id, target);
    }
    const above = base.slice(0, base.lastIndexOf("/") + 1);
    path = resolve(above, target, path.slice(next));
    at = 1;
  }
  return path;
}

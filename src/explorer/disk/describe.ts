// Resources as people would say them in a trace.

import { type Resource, resourceName } from "../footprint.ts";
import { type Inode, pathOf } from "./inode.ts";
import type { Tree } from "./tree.ts";

/** `/lock` for a name, `content of /balance`, `names in /dir`. An inode that is gone is told by its last path. */
export function describeResource(tree: Tree, what: Resource): string {
  const full = resourceName(what);
  if (full.startsWith("watch:")) return `notices of ${full.slice("watch:".length).replace("/", "'s watch ")}`;
  const [, sort, ino, name] = /^(\w+):(\d+)(?:\/(.*))?$/s.exec(full) ?? [];
  const inode = tree.inodes.get(Number(ino));
  if (sort === undefined || inode === undefined) return full;
  const path = lastPathOf(inode);
  switch (sort) {
    case "name":
      return `${path === "/" ? "" : path}/${name}`;
    case "list":
      return `names in ${path}`;
    case "data":
      return `content of ${path}`;
    case "meta":
      return `mode and owner of ${path}`;
    case "stat":
      return `attributes of ${path}`;
    case "up":
      return `place of ${path}`;
    default:
      return full;
  }
}

export function lastPathOf(inode: Inode): string {
  return inode.entry === undefined ? "/" : pathOf(inode.entry.parent, inode.entry.name);
}

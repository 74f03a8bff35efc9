// Watching the folder: paths that may have changed. Scanning is the safety net: whatever a watcher misses, a scan finds.
//
// One watch per directory, kept in step with the tree. A directory is watched before it is told of, and whoever is told
// of it looks at all that is in it, so nothing that happens around its appearance is missed. See
// docs/decisions/0005-own-watcher.md for why this is not a library's watcher.

import { type Dirent, type FSWatcher, lstatSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { IgnoreRules } from "./ignore-rules.ts";

export interface WatchHandlers {
  /** A relative path at or below which something changed. */
  readonly onPath: (path: string) => void;
  /** Not everything can be watched here (no watches left, or an error): scan often. */
  readonly onLost: (reason: string) => void;
}

export class FolderWatch {
  private readonly folder: string;
  private readonly rules: IgnoreRules;
  private readonly handlers: WatchHandlers;
  private readonly watches = new Map<string, FSWatcher>();
  /** True when some directory is not watched. */
  isPartial = false;

  constructor(folder: string, rules: IgnoreRules, handlers: WatchHandlers) {
    this.folder = folder;
    this.rules = rules;
    this.handlers = handlers;
    this.add("");
  }

  stop(): void {
    for (const each of this.watches.values()) each.close();
    this.watches.clear();
  }

  /** Watches a directory and all below it. */
  private add(start: string): void {
    const open = [start];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (!this.watchOne(path)) continue;
      for (const entry of this.list(path)) {
        const child = path === "" ? entry.name : `${path}/${entry.name}`;
        if (entry.isDirectory() && !this.rules.ignores(child, "directory")) open.push(child);
      }
    }
  }

  private watchOne(path: string): boolean {
    this.watches.get(path)?.close();
    try {
      const each = watch(join(this.folder, path), { persistent: true, encoding: "utf8" }, (_event, name) => {
        if (name === null) this.handlers.onPath(path);
        else this.onName(path, name);
      });
      // The directory went: its parent's watch tells of that.
      each.on("error", () => this.drop(path));
      this.watches.set(path, each);
      return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") return false;
      // ENOSPC, EMFILE: the system has no watches left for us. The rest of the tree is still worth walking.
      if (!this.isPartial) this.handlers.onLost(`${path === "" ? "the folder" : path} cannot be watched (${code})`);
      this.isPartial = true;
      return true;
    }
  }

  private onName(dir: string, name: string): void {
    const path = dir === "" ? name : `${dir}/${name}`;
    const kind = this.kindOf(path);
    if (this.rules.ignores(path, kind === "directory" ? "directory" : "file")) return;
    if (kind === "directory") {
      // New, or another one of the same name. An inner change of a known directory is told by its own watch.
      this.drop(path);
      this.add(path);
    } else if (this.watches.has(path)) this.drop(path);
    this.handlers.onPath(path);
  }

  private kindOf(path: string): "directory" | "other" {
    try {
      return lstatSync(join(this.folder, path)).isDirectory() ? "directory" : "other";
    } catch {
      return "other";
    }
  }

  /** Forgets a directory and all below it. */
  private drop(path: string): void {
    this.watches.get(path)?.close();
    if (!this.watches.delete(path)) return;
    for (const [other, each] of this.watches) {
      if (!other.startsWith(`${path}/`)) continue;
      each.close();
      this.watches.delete(other);
    }
  }

  private list(path: string): Dirent[] {
    try {
      return readdirSync(join(this.folder, path), { withFileTypes: true });
    } catch {
      // Gone, or not readable: the scan reports it.
      return [];
    }
  }
}

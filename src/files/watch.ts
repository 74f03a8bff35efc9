// Watching the folder: paths that may have changed. Scanning is the safety net: whatever a watcher misses, a scan finds.
//
// One watch per directory, kept in step with the tree. A directory is watched before it is told of, and whoever is told
// of it looks at all that is in it, so nothing that happens around its appearance is missed. See
// docs/decisions/0005-own-watcher.md for why this is not a library's watcher.

import { type Dirent, type FSWatcher, lstatSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { IgnoreRules } from "./ignore-rules.ts";

export interface WatchHandlers {
  /** A relative path at or below which something changed. */
  readonly onPath: (path: string) => void;
  /** From now on not every directory is watched (the system has no watches left): scan often. Told once until
   *  `onWhole`. */
  readonly onPartial: (reason: string) => void;
  /** Every directory is watched again. */
  readonly onWhole: () => void;
  /** So much happened at once that some of it may not have been told: scan once. */
  readonly onMissed: (reason: string) => void;
}

/** Events that the kernel keeps for us until we read them; what comes on top is dropped, and we are not told so. */
const QUEUE_FILE = "/proc/sys/fs/inotify/max_queued_events";
const USUAL_QUEUE = 16_384;
/** The part of a full queue that makes a loss possible: the rest was of directories that went, which nobody is told. */
const SUSPICIOUS = 0.75;

export class FolderWatch {
  private readonly folder: string;
  private readonly rules: IgnoreRules;
  private readonly handlers: WatchHandlers;
  private readonly watches = new Map<string, FSWatcher>();
  /** Directories that could not be watched. */
  private readonly unwatched = new Set<string>();
  private isToldPartial = false;
  /** Events told since the event loop last turned: all that were queued are told in one turn. */
  private toldAtOnce = 0;
  private readonly suspicious = Math.ceil(queueLimit() * SUSPICIOUS);

  constructor(folder: string, rules: IgnoreRules, handlers: WatchHandlers) {
    this.folder = folder;
    this.rules = rules;
    this.handlers = handlers;
    this.add("");
  }

  stop(): void {
    for (const each of this.watches.values()) each.close();
    this.watches.clear();
    this.unwatched.clear();
  }

  /** True when some directory is not watched. */
  get isPartial(): boolean {
    return this.unwatched.size > 0;
  }

  /** Tries again what could not be watched. Whoever calls this looks at the whole folder afterwards. */
  retry(): void {
    const [first, ...others] = this.unwatched;
    if (first !== undefined) {
      this.watchOne(first);
      // While there is none for one, the tree is not walked in vain.
      if (this.unwatched.has(first)) return;
      for (const path of [first, ...others]) this.add(path);
    }
    if (this.isPartial || !this.isToldPartial) return;
    this.isToldPartial = false;
    this.handlers.onWhole();
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

  /** False when there is no such directory. */
  private watchOne(path: string): boolean {
    this.watches.get(path)?.close();
    try {
      const each = watch(join(this.folder, path), { persistent: true, encoding: "utf8" }, (_event, name) => {
        this.count();
        if (name === null) this.handlers.onPath(path);
        else this.onName(path, name);
      });
      // The directory went: its parent's watch tells of that.
      each.on("error", () => this.drop(path));
      this.watches.set(path, each);
      this.unwatched.delete(path);
      return true;
    } catch (error) {
      this.watches.delete(path);
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") {
        this.unwatched.delete(path);
        return false;
      }
      // ENOSPC, EMFILE: the system has no watches left for us. The rest of the tree is still worth walking.
      this.unwatched.add(path);
      if (!this.isToldPartial) {
        this.isToldPartial = true;
        this.handlers.onPartial(`${path === "" ? "the folder" : path} cannot be watched${whyNot(code)}`);
      }
      return true;
    }
  }

  private count(): void {
    if (this.toldAtOnce === 0) setImmediate(() => (this.toldAtOnce = 0));
    this.toldAtOnce += 1;
    if (this.toldAtOnce === this.suspicious) this.handlers.onMissed("more happened at once than the system remembers");
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
    for (const other of this.unwatched) {
      if (other === path || other.startsWith(`${path}/`)) this.unwatched.delete(other);
    }
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

function queueLimit(): number {
  if (process.platform !== "linux") return Number.POSITIVE_INFINITY;
  try {
    return Number(readFileSync(QUEUE_FILE, "utf8")) || USUAL_QUEUE;
  } catch {
    return USUAL_QUEUE;
  }
}

function whyNot(code: string | undefined): string {
  if (code === "ENOSPC") return ": the system has no watches left (ENOSPC, fs.inotify.max_user_watches)";
  if (code === "EMFILE") return ": the system has no more watchers (EMFILE, fs.inotify.max_user_instances)";
  return ` (${code})`;
}

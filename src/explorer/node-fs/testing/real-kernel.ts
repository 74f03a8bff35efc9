// Effects over the real file system, so that the replaced functions can be held against Node's own.

import * as fs from "node:fs";
import { type Call, type StatRecord, SystemFault, type WatchNotice } from "../../disk/calls.ts";
import type { Effects, Settle } from "../../effects.ts";

// biome-ignore lint/suspicious/noExplicitAny: the table is by name, its arguments are those of `FileCalls`
type Performed = (...args: any[]) => unknown;

const CALLS: Readonly<Record<string, Performed>> = {
  open: fs.openSync,
  close: fs.closeSync,
  read: (fd: number, length: number, position: number | null) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, position));
  },
  write: (fd: number, bytes: Uint8Array, position: number | null) => fs.writeSync(fd, bytes, 0, bytes.length, position),
  ftruncate: fs.ftruncateSync,
  fsync: fs.fsyncSync,
  fdatasync: fs.fdatasyncSync,
  stat: (path: string) => recordOf(fs.statSync(path)),
  lstat: (path: string) => recordOf(fs.lstatSync(path)),
  fstat: (fd: number) => recordOf(fs.fstatSync(fd)),
  statfs: (path: string) => ({ ...fs.statfsSync(path) }),
  access: fs.accessSync,
  mkdir: (path: string, mode: number) => void fs.mkdirSync(path, mode),
  mkdtemp: (prefix: string) => fs.mkdtempSync(prefix),
  rmdir: (path: string) => fs.rmdirSync(path),
  unlink: fs.unlinkSync,
  rename: fs.renameSync,
  link: fs.linkSync,
  symlink: (target: string, path: string) => fs.symlinkSync(target, path),
  readlink: (path: string) => fs.readlinkSync(path),
  realpath: (path: string) => fs.realpathSync.native(path),
  readdir: (path: string) =>
    fs.readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, type: typeOf(entry) })),
  chmod: fs.chmodSync,
  fchmod: fs.fchmodSync,
  chown: fs.chownSync,
  lchown: fs.lchownSync,
  fchown: fs.fchownSync,
  utimes: (path: string, atimeMs: number, mtimeMs: number) => fs.utimesSync(path, atimeMs / 1000, mtimeMs / 1000),
  lutimes: (path: string, atimeMs: number, mtimeMs: number) => fs.lutimesSync(path, atimeMs / 1000, mtimeMs / 1000),
  futimes: (fd: number, atimeMs: number, mtimeMs: number) => fs.futimesSync(fd, atimeMs / 1000, mtimeMs / 1000),
};

function recordOf(stats: fs.Stats): StatRecord {
  const { atime, mtime, ctime, birthtime, ...record } = stats as fs.Stats & Record<string, unknown>;
  const whole = (ms: number): number => Math.floor(ms);
  return {
    ...record,
    atimeMs: whole(stats.atimeMs),
    mtimeMs: whole(stats.mtimeMs),
    ctimeMs: whole(stats.ctimeMs),
    birthtimeMs: whole(stats.birthtimeMs),
  };
}

function typeOf(entry: fs.Dirent): number {
  if (entry.isDirectory()) return fs.constants.S_IFDIR;
  if (entry.isSymbolicLink()) return fs.constants.S_IFLNK;
  return entry.isFile() ? fs.constants.S_IFREG : fs.constants.S_IFIFO;
}

/** Performs a call on the real file system; throws the fault. */
export function performForReal({ op, args }: Call): unknown {
  const perform = CALLS[op];
  if (perform === undefined) throw new Error(`No such call: ${op}`);
  try {
    return perform(...args);
  } catch (error) {
    throw new SystemFault((error as NodeJS.ErrnoException).code ?? "EIO");
  }
}

/**
 * Effects that write down what is asked for and perform it. A call asked for `later` is performed in a turn of its own,
 * unless it is `held` for the test to release.
 */
export class RecordingEffects implements Effects {
  readonly calls: string[] = [];
  readonly held: (() => void)[] = [];
  /** Whether what is asked for later waits in `held`. */
  holding = false;
  /** The code with which a call fails that is not to be performed. */
  failure: (op: string) => string | undefined = () => undefined;
  /** How many things keep the process alive. */
  holds = 0;
  clockMs = 1_000_000;
  readonly listeners = new Map<number, (notice: WatchNotice) => void>();
  #watches = 0;

  #perform(call: Call): unknown {
    this.calls.push(shown(call));
    const code = this.failure(call.op);
    if (code !== undefined) throw new SystemFault(code);
    if (call.op === "watch") {
      performForReal({ op: "stat", args: [call.args[0]] });
      return ++this.#watches;
    }
    return call.op === "unwatch" ? undefined : performForReal(call);
  }

  later(call: Call, settle: Settle): void {
    const perform = (): void => {
      let result: unknown;
      try {
        result = this.#perform(call);
      } catch (fault) {
        settle(fault);
        return;
      }
      settle(undefined, result);
    };
    if (this.holding) this.held.push(perform);
    else setImmediate(perform);
  }

  now(call: Call): unknown {
    return this.#perform(call);
  }

  /** Performs the first of what is held, and lets what follows from it be asked. */
  async step(): Promise<void> {
    this.held.shift()?.();
    await new Promise((done) => setImmediate(done));
  }

  /** The calls since the last time. */
  take(): string[] {
    return this.calls.splice(0);
  }

  clock(): number {
    return this.clockMs;
  }

  onNotice(watch: number, listener: ((notice: WatchNotice) => void) | undefined): void {
    if (listener === undefined) this.listeners.delete(watch);
    else this.listeners.set(watch, listener);
  }

  hold(): { release(): void } {
    this.holds++;
    return {
      release: () => {
        this.holds--;
      },
    };
  }
}

/** `open a 577 438`, `write 8 bytes`: descriptors are left out, paths are the last name. */
function shown({ op, args }: Call): string {
  const parts = args.map((arg) => {
    if (typeof arg === "string") return arg.split("/").at(-1);
    return arg instanceof Uint8Array ? `${arg.length} bytes` : undefined;
  });
  return [op, ...parts.filter((part) => part !== undefined)].join(" ");
}

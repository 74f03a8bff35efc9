// An SQLite file that only repeats what stands elsewhere, so that it can be made anew: the catalog, and sync.db. How one is
// opened, looked over, set aside when it is damaged, and asked.

import { channel } from "node:diagnostics_channel";
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { HeldLock, tryAcquireLock } from "../coordination/index.ts";
import { HoldfastError, systemCode, toHoldfastError } from "../errors.ts";

const BUSY_TIMEOUT_MS = 20_000;
const BUSY_PAUSE_MS = 5;
const LOCK_PAUSE_MS = 20;
const SQLITE_BUSY = 5;
const SQLITE_IOERR_FSTAT = 1_802;
const SQLITE_IOERR_SHORT_READ = 522;
/** Looking a file over takes about a millisecond a MiB. Up to this size it is done at every opening. */
const SMALL_BYTES = 16 * 1_024 * 1_024;
/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const DAMAGE: ReadonlySet<number> = new Set([11, 26]);
/** Set-aside copies of one file at the most. */
const MAX_ASIDE = 10_000;

/** For whoever tells people, wherever in the process a database was opened. */
export interface SetAside {
  readonly path: string;
  readonly aside: string;
}
export const SET_ASIDE = channel("holdfast:set-aside");

export interface IndexOptions {
  readonly path: string;
  /** Brings the tables into their form. */
  readonly prepare: (db: IndexDatabase) => void;
  /** `whole`: looked over whatever its size. Default: only a small one. */
  readonly check?: "whole" | undefined;
  /** The lock under which the file is set aside, and how long it is waited for, ms. */
  readonly lock: { readonly path: string; readonly scope: string; readonly patienceMs: number };
  /** Told where a damaged file is kept, with the new one. */
  readonly onSetAside?: (aside: string, fresh: IndexDatabase) => void;
}

export class IndexDatabase implements Disposable {
  private readonly path: string;
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  private readonly inode: number | undefined;
  /** False when another file came to the path while this one was opened: which of them it is, is not known. */
  private readonly isSure: boolean;
  private depth = 0;

  private constructor(path: string) {
    this.path = path;
    const before = inodeOf(path);
    this.db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    this.inode = inodeOf(path);
    this.isSure = before === undefined || before === this.inode;
  }

  /** Opens or makes the file. A damaged one is set aside as `PATH.damaged-N` and made anew; `CORRUPT` when somebody else
   *  is at work with it. Throws `DISK_FULL`, `READ_ONLY`, `NO_PERMISSION`, `DISK_ERROR`, each with the path. */
  static open(options: IndexOptions): IndexDatabase {
    // Whoever is to go by the file also minds what others have met in it, which a look over need not find.
    if (options.check === "whole" && takeSuspicion(options.path)) {
      return alone(options, "it was found so in use", () => IndexDatabase.replace(options));
    }
    try {
      return IndexDatabase.openOnce(options);
    } catch (error) {
      if (!isDamage(error)) throw toHoldfastError(error, options.path);
      return alone(options, error, () => IndexDatabase.openAnew(options));
    }
  }

  private static openAnew(options: IndexOptions): IndexDatabase {
    try {
      return IndexDatabase.openOnce(options); // somebody else may have been here while the lock was waited for
    } catch (error) {
      if (!isDamage(error)) throw toHoldfastError(error, options.path);
    }
    return IndexDatabase.replace(options);
  }

  private static replace(options: IndexOptions): IndexDatabase {
    const aside = setAside(options.path);
    const fresh = IndexDatabase.openOnce(options);
    if (aside !== undefined) {
      options.onSetAside?.(aside, fresh);
      SET_ASIDE.publish({ path: options.path, aside } satisfies SetAside);
    }
    return fresh;
  }

  private static openOnce(options: IndexOptions): IndexDatabase {
    for (const startedMs = performance.now(); ; pauseThread(BUSY_PAUSE_MS)) {
      try {
        return IndexDatabase.openNow(options);
      } catch (error) {
        if (!isPassing(error) || performance.now() - startedMs > BUSY_TIMEOUT_MS) throw error;
      }
    }
  }

  private static openNow({ path, prepare, check }: IndexOptions): IndexDatabase {
    const index = new IndexDatabase(path);
    try {
      // Not flushed at each commit: what is lost in a power loss is found again where it stands.
      index.db.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000;",
      );
      if (check === "whole" || (statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= SMALL_BYTES) {
        index.requireSound();
      }
      // SQLite opens the file and its log one after the other: set aside in between, they would be those of two files, of
      // which nothing is to be believed, and into which nothing is to be written.
      index.requireInPlace();
      prepare(index);
      index.requireInPlace();
      return index;
    } catch (error) {
      const isPassing = !index.isInPlace();
      index.db.close();
      throw isPassing ? new SetAsideMeanwhile(path, { cause: error }) : error;
    }
  }

  private isInPlace(): boolean {
    return this.isSure && inodeOf(this.path) === this.inode;
  }

  private requireInPlace(): void {
    if (!this.isInPlace()) throw new SetAsideMeanwhile(this.path);
  }

  /** Throws `CORRUPT` when its pages do not hang together. */
  private requireSound(): void {
    const { quick_check: found } = this.db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (found !== "ok") throw damaged(this.path, found.split("\n").at(-1) ?? "");
  }

  [Symbol.dispose](): void {
    this.statements.clear();
    this.db.close();
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.naming(() => this.statement(sql).get(...values) as T | undefined);
  }
  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.naming(() => this.statement(sql).all(...values) as T[]);
  }
  /** Returns how many rows that changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.naming(() => Number(this.statement(sql).run(...values).changes));
  }
  /** Statements without values, which are not kept. */
  exec(sql: string): void {
    this.naming(() => this.db.exec(sql));
  }

  /** All of `body`'s changes or none. A transaction inside another is part of it. */
  transaction<T>(body: () => T): T {
    if (this.depth > 0) return body();
    this.exec("BEGIN IMMEDIATE");
    this.depth += 1;
    try {
      const result = body();
      this.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk may have made SQLite undo it already: its own error is the one to tell.
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw error;
    } finally {
      this.depth -= 1;
    }
  }

  /** Runs `work`, of which a transaction fails at once where somebody else is in one. */
  withoutWaiting<T>(work: () => T): T {
    this.exec("PRAGMA busy_timeout = 0");
    try {
      return work();
    } finally {
      this.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  /** The tables' form, as `setFormat` has noted it; 0 in a new file. */
  format(): number {
    return this.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  }

  /** Inside a transaction: replaces all tables there are. */
  makeTables(schema: string, format: number): void {
    const tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    for (const { name } of this.all<{ name: string }>(tables)) this.exec(`DROP TABLE "${name}"`);
    this.exec(schema);
    this.exec(`PRAGMA user_version = ${format}`);
  }

  /** Changes when another process has changed something here. */
  dataVersion(): number {
    return this.get<{ data_version: number }>("PRAGMA data_version")?.data_version ?? 0;
  }

  /** True when another file lies at the path by now: whoever opens it sees something else than we do. */
  isReplaced(): boolean {
    return this.inode !== undefined && (inodeOf(this.path) ?? this.inode) !== this.inode;
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  /** SQLite does not say which file it failed on. */
  private naming<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (sqliteCode(error) === undefined) throw error;
      if (!DAMAGE.has((sqliteCode(error) ?? 0) % 256)) throw toHoldfastError(error, this.path);
      suspect(this.path);
      throw damaged(this.path, error instanceof Error ? error.message : "", error);
    }
  }
}

/** `CORRUPT`, with the path in `details`. */
export function damaged(path: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("CORRUPT", `${path} is damaged: ${why}`, {
    hint: "The next `holdfast sync` or `up`, or the one that runs, keeps it beside and makes it anew; nothing is lost.",
    details: { path, why },
    cause,
  });
}

/** Sets a file aside that was found damaged in use. Returns where it is kept, or undefined when there is none. Throws
 *  `CORRUPT` when another process is at work with it. */
export function setAsideDamaged(options: Pick<IndexOptions, "path" | "lock">): string | undefined {
  return alone(options, "it was found so in use", () => setAside(options.path));
}

/**
 * Only under the lock that keeps others from doing the same. The log goes first: whoever opens the path in between finds
 * the damaged file, and not a new one whose log is then taken away. Whoever has the old one open leaves the new one's log
 * alone at its end: SQLite sees that its file was moved.
 */
function setAside(path: string): string | undefined {
  takeSuspicion(path);
  if (!existsSync(path)) return undefined;
  let n = 1;
  while (n < MAX_ASIDE && existsSync(`${path}.damaged-${n}`)) n += 1;
  const aside = `${path}.damaged-${n}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
  return aside;
}

/** Runs `work` under the options' lock. Throws `CORRUPT` when another process has it, for which a note is left: what it
 *  has read of the file may still be whole. */
function alone<T>({ path, lock }: Pick<IndexOptions, "path" | "lock">, damage: unknown, work: () => T): T {
  const holder = "making an index anew";
  for (const startedMs = performance.now(); ; pauseThread(LOCK_PAUSE_MS)) {
    const taken = tryAcquireLock(lock.path, { scope: lock.scope, holder });
    if (taken instanceof HeldLock) {
      try {
        return work();
      } finally {
        void taken.release();
      }
    }
    if (performance.now() - startedMs < lock.patienceMs) continue;
    writeFileSync(suspectFile(path), "");
    throw damaged(
      path,
      `${damage instanceof Error ? damage.message : damage}; process ${taken.pid} is at work with it`,
    );
  }
}

/** The file at the path became another while it was opened. */
class SetAsideMeanwhile extends HoldfastError {
  constructor(path: string, options: { cause?: unknown } = {}) {
    super("CORRUPT", `${path} is set aside and made anew again and again`, {
      hint: "Another process finds it damaged each time: look at the disk.",
      details: { path },
      ...options,
    });
  }
}

/** Two that turn a new file into one with a log: SQLite does not wait for the other there. And a file that somebody sets
 *  aside: for a moment it is not where SQLite looks for it again, or is empty. */
function isPassing(error: unknown): boolean {
  if (error instanceof SetAsideMeanwhile) return true;
  const code = sqliteCode(error) ?? 0;
  return code % 256 === SQLITE_BUSY || code === SQLITE_IOERR_FSTAT || code === SQLITE_IOERR_SHORT_READ;
}

/** At an opening also SQLITE_ERROR, which a table that is not there gives. */
function isDamage(error: unknown): boolean {
  const code = (sqliteCode(error) ?? sqliteCode(error instanceof Error ? error.cause : undefined) ?? 0) % 256;
  return code === 1 || DAMAGE.has(code) || (error instanceof HoldfastError && error.code === "CORRUPT");
}

/** True when somebody has met damage in the database at `path`, and could not do anything about it. Told once. */
export function takeSuspicion(path: string): boolean {
  const isSuspect = existsSync(suspectFile(path));
  if (isSuspect) rmSync(suspectFile(path), { force: true });
  return isSuspect;
}

/** Leaves a note, if one can be left. */
function suspect(path: string): void {
  try {
    writeFileSync(suspectFile(path), "");
  } catch {
    // A full disk, or one that cannot be written: the error says it to whoever is here.
  }
}

function suspectFile(path: string): string {
  return `${path}.suspect`;
}

function pauseThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) : undefined;
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

// `node:sqlite` between processes: real SQLite, one file for each database of the run, one connection for each of theirs.
//
// What SQLite does is not imitated: locks, busy answers, isolation and rollback are its own. The explorer decides in which
// order calls reach it, and nobody waits inside it: where SQLite would wait, the program does, on simulated time. On the
// simulated disk a database is an empty file, so that programs can look for it, move it and remove it.

import { constants, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Call } from "../disk/calls.ts";
import { resource } from "../footprint.ts";
import type { Answer, Service } from "./host.ts";
import type { SimulatedProcess } from "./process.ts";
import type { World } from "./world.ts";

/** In memory where there is such a place: nothing of it outlives the run. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const require = createRequire(import.meta.url);
/** SQLite's own codes for "somebody else is at it". */
const [BUSY, LOCKED] = [5, 6];
const LOOKS_ONLY = /^\s*(select|values|explain|pragma\s+[\w.]+\s*(\(\s*\w*\s*\)\s*)?;?\s*$)/i;

export interface SqlSettings {
  readonly bigInts?: boolean;
  readonly arrays?: boolean;
  readonly bareNames?: boolean;
  readonly unknownNames?: boolean;
}

/** What a program asks of a database; `database` is what `open` gave. */
export type SqlRequest =
  | { readonly do: "open"; readonly path: string; readonly readOnly: boolean; readonly foreignKeys: boolean }
  | { readonly do: "close"; readonly database: number }
  | { readonly do: "exec"; readonly database: number; readonly sql: string }
  | { readonly do: "prepare"; readonly database: number; readonly sql: string }
  | {
      readonly do: "run" | "get" | "all";
      readonly database: number;
      readonly sql: string;
      readonly values: readonly unknown[];
      readonly settings: SqlSettings;
    };

export interface SqlFailure {
  readonly message: string;
  readonly code: string;
  readonly errcode?: number;
  readonly errstr?: string;
}
/** What came of it, and whether the connection is in a transaction now. */
export interface SqlResult {
  readonly value?: unknown;
  readonly failure?: SqlFailure;
  readonly busy: boolean;
  readonly inTransaction: boolean;
  /** Of the database, when it was busy: what `await-database` waits to see changed. */
  readonly version?: number;
}

/** A program that met a lock waits until something about the database is different, or its time is up. */
export function awaitsDatabase(call: Call): { database: number; version: number; limitMs: number } | undefined {
  if (call.op !== "await-database") return undefined;
  const [database, version, limitMs] = call.args as [number, number, number];
  return { database, version, limitMs };
}

interface Connection {
  readonly process: SimulatedProcess;
  readonly inode: number;
  readonly real: DatabaseSync;
  readonly statements: Map<string, StatementSync>;
}

export class Databases implements Service {
  readonly #world: World;
  readonly #connections = new Map<number, Connection>();
  /** By inode: how often something was done that others could see, or wait for. */
  readonly #versions = new Map<number, number>();
  #folder: string | undefined;
  #opened = 0;

  constructor(world: World) {
    this.#world = world;
  }

  perform(process: SimulatedProcess, call: Call): Answer | undefined {
    const awaited = awaitsDatabase(call);
    if (awaited !== undefined) {
      const connection = this.#connections.get(awaited.database);
      if (connection !== undefined) process.footprint.read(resource(`database:${connection.inode}`));
      return { result: undefined };
    }
    if (call.op !== "sqlite") return undefined;
    const request = call.args[0] as SqlRequest;
    if (request.do === "open") return { result: this.#open(process, request) };
    const connection = this.#connections.get(request.database);
    if (connection?.process !== process) return { result: closed() };
    if (request.do === "close") {
      this.#close(request.database, connection);
      return { result: { busy: false, inTransaction: false } satisfies SqlResult };
    }
    const result = attempt(connection, () => perform(connection, request));
    const database = resource(`database:${connection.inode}`);
    const looked = result.busy || (LOOKS_ONLY.test(request.sql) && !result.inTransaction && request.do !== "exec");
    if (request.do === "prepare" || looked) process.footprint.read(database);
    else this.#touch(process, connection.inode);
    return { result: result.busy ? { ...result, version: this.#versions.get(connection.inode) ?? 0 } : result };
  }

  /** Whether a process that waits so may go on before its time is up. */
  hasChanged({ database, version }: { database: number; version: number }): boolean {
    const connection = this.#connections.get(database);
    return connection === undefined || (this.#versions.get(connection.inode) ?? 0) !== version;
  }

  #touch(process: SimulatedProcess, inode: number): void {
    process.footprint.write(resource(`database:${inode}`));
    this.#versions.set(inode, (this.#versions.get(inode) ?? 0) + 1);
  }

  /** The file is made on the simulated disk, with all that says about rights and names. */
  #open(process: SimulatedProcess, { path, readOnly, foreignKeys }: Extract<SqlRequest, { do: "open" }>): SqlResult {
    const { disk } = this.#world;
    const flags = readOnly ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
    let inode: number;
    try {
      const fd = disk.perform(process, "open", [path, flags, 0o644]);
      inode = disk.perform(process, "fstat", [fd]).ino;
      disk.perform(process, "close", [fd]);
      this.#makeNameDurable(process, path);
    } catch {
      return failed({
        message: "unable to open database file",
        code: "ERR_SQLITE_ERROR",
        errcode: 14,
        errstr: "unable to open database file",
      });
    }
    const { DatabaseSync: Real } = require("node:sqlite") as typeof import("node:sqlite");
    this.#folder ??= mkdtempSync(join(PLACE, "holdfast-explorer-"));
    const file = join(this.#folder, String(inode));
    let real: DatabaseSync;
    try {
      real = new Real(file, {
        readOnly: readOnly && existsSync(file),
        enableForeignKeyConstraints: foreignKeys,
        timeout: 0,
      });
    } catch (error) {
      return failed(failureOf(error));
    }
    this.#opened += 1;
    // The number is the process's own count, as a descriptor is.
    const database = process.nextDatabase();
    this.#connections.set(database, { process, inode, real, statements: new Map() });
    process.footprint.read(resource(`database:${inode}`));
    return { value: database, busy: false, inTransaction: false };
  }

  /** SQLite flushes the directory when it makes a file. */
  #makeNameDurable(process: SimulatedProcess, path: string): void {
    const { disk } = this.#world;
    const fd = disk.perform(process, "open", [dirname(path), constants.O_RDONLY, 0]);
    disk.perform(process, "fsync", [fd]);
    disk.perform(process, "close", [fd]);
  }

  ended(process: SimulatedProcess): void {
    for (const [database, connection] of this.#connections) {
      if (connection.process === process) this.#close(database, connection);
    }
  }

  /** What was not committed is undone. */
  #close(database: number, connection: Connection): void {
    this.#connections.delete(database);
    this.#touch(connection.process, connection.inode);
    connection.statements.clear();
    if (connection.real.isOpen) connection.real.close();
  }

  /** The run is over. */
  dispose(): void {
    for (const [database, connection] of this.#connections) this.#close(database, connection);
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

function perform(connection: Connection, request: Exclude<SqlRequest, { do: "open" | "close" }>): unknown {
  if (request.do === "exec") return connection.real.exec(request.sql);
  const statement = prepared(connection, request.sql);
  if (request.do === "prepare") return { columns: statement.columns(), expanded: statement.sourceSQL };
  const { bigInts = false, arrays = false, bareNames = true, unknownNames = false } = request.settings;
  statement.setReadBigInts(bigInts);
  statement.setReturnArrays(arrays);
  statement.setAllowBareNamedParameters(bareNames);
  statement.setAllowUnknownNamedParameters(unknownNames);
  const values = request.values as SQLInputValue[];
  return request.do === "run"
    ? statement.run(...values)
    : request.do === "get"
      ? statement.get(...values)
      : statement.all(...values);
}

function prepared({ real, statements }: Connection, sql: string): StatementSync {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = real.prepare(sql);
    statements.set(sql, statement);
  }
  return statement;
}

function attempt({ real }: Connection, work: () => unknown): SqlResult {
  try {
    const value = work();
    return { value, busy: false, inTransaction: real.isTransaction };
  } catch (error) {
    const failure = failureOf(error);
    const code = (failure.errcode ?? 0) % 256;
    return { failure, busy: code === BUSY || code === LOCKED, inTransaction: real.isTransaction };
  }
}

function failed(failure: SqlFailure): SqlResult {
  return { failure, busy: false, inTransaction: false };
}
function closed(): SqlResult {
  return failed({ message: "database is not open", code: "ERR_INVALID_STATE" });
}
function failureOf(error: unknown): SqlFailure {
  const { message, code, errcode, errstr } = error as Error & Partial<SqlFailure>;
  return {
    message,
    code: code ?? "ERR_SQLITE_ERROR",
    ...(errcode !== undefined && { errcode }),
    ...(errstr !== undefined && { errstr }),
  };
}

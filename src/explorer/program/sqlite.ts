// `node:sqlite` for a simulated process. Each call is one effect; who meets a lock waits on simulated time.

import { createRequire } from "node:module";
import type { SqlRequest, SqlResult, SqlSettings } from "../world/databases.ts";
import { notSimulated } from "./not-simulated.ts";
import type { CurrentProgram } from "./timers.ts";

const require = createRequire(import.meta.url);

interface Options {
  readonly open?: boolean;
  readonly readOnly?: boolean;
  readonly timeout?: number;
  readonly enableForeignKeyConstraints?: boolean;
  readonly readBigInts?: boolean;
  readonly returnArrays?: boolean;
  readonly allowBareNamedParameters?: boolean;
  readonly allowUnknownNamedParameters?: boolean;
}

export function makeSqlite(current: CurrentProgram): object {
  type Ask = (request: SqlRequest) => unknown;

  class SimulatedStatement {
    readonly sourceSQL: string;
    readonly #ask: Ask;
    readonly #database: () => number;
    readonly #columns: unknown;
    #settings: SqlSettings;
    constructor(ask: Ask, database: () => number, sql: string, settings: SqlSettings) {
      this.sourceSQL = sql;
      this.#ask = ask;
      this.#database = database;
      this.#settings = settings;
      this.#columns = (ask({ do: "prepare", database: database(), sql }) as { columns: unknown }).columns;
    }
    get expandedSQL(): string {
      return this.sourceSQL;
    }
    columns(): unknown {
      return this.#columns;
    }
    run(...values: unknown[]): unknown {
      return this.#do("run", values);
    }
    get(...values: unknown[]): unknown {
      return this.#do("get", values);
    }
    all(...values: unknown[]): unknown {
      return this.#do("all", values);
    }
    *iterate(...values: unknown[]): Generator<unknown> {
      yield* this.#do("all", values) as unknown[];
    }
    setReadBigInts(on: boolean): void {
      this.#settings = { ...this.#settings, bigInts: on };
    }
    setReturnArrays(on: boolean): void {
      this.#settings = { ...this.#settings, arrays: on };
    }
    setAllowBareNamedParameters(on: boolean): void {
      this.#settings = { ...this.#settings, bareNames: on };
    }
    setAllowUnknownNamedParameters(on: boolean): void {
      this.#settings = { ...this.#settings, unknownNames: on };
    }
    #do(what: "run" | "get" | "all", values: unknown[]): unknown {
      return this.#ask({ do: what, database: this.#database(), sql: this.sourceSQL, values, settings: this.#settings });
    }
  }

  class SimulatedDatabase {
    readonly #path: string;
    readonly #options: Options;
    #database: number | undefined;
    #inTransaction = false;

    constructor(path: string | URL | Buffer, options: Options = {}) {
      this.#path = path instanceof URL ? path.pathname : String(path);
      this.#options = options;
      // A database in memory is nobody else's: the real one does.
      if (this.#path === ":memory:" || this.#path === "") {
        const { DatabaseSync } = require("node:sqlite") as typeof import("node:sqlite");
        // biome-ignore lint/correctness/noConstructorReturn: what it is for others, it is for programs
        return new DatabaseSync(this.#path, options) as unknown as SimulatedDatabase;
      }
      if (options.open !== false) this.open();
    }

    open(): void {
      if (this.#database !== undefined) throw invalidState("database is already open");
      const { readOnly = false, enableForeignKeyConstraints = true } = this.#options;
      const request = { do: "open", path: this.#path, readOnly, foreignKeys: enableForeignKeyConstraints } as const;
      this.#database = this.#ask(request) as number;
    }
    close(): void {
      this.#ask({ do: "close", database: this.#open() });
      this.#database = undefined;
    }
    exec(sql: string): void {
      this.#ask({ do: "exec", database: this.#open(), sql });
    }
    prepare(sql: string): SimulatedStatement {
      const { readBigInts, returnArrays, allowBareNamedParameters, allowUnknownNamedParameters } = this.#options;
      const settings: SqlSettings = {
        ...(readBigInts !== undefined && { bigInts: readBigInts }),
        ...(returnArrays !== undefined && { arrays: returnArrays }),
        ...(allowBareNamedParameters !== undefined && { bareNames: allowBareNamedParameters }),
        ...(allowUnknownNamedParameters !== undefined && { unknownNames: allowUnknownNamedParameters }),
      };
      return new SimulatedStatement(
        (request) => this.#ask(request),
        () => this.#open(),
        sql,
        settings,
      );
    }
    get isOpen(): boolean {
      return this.#database !== undefined;
    }
    get isTransaction(): boolean {
      return this.#inTransaction;
    }
    location(): string {
      return this.#path;
    }
    [Symbol.dispose](): void {
      if (this.isOpen) this.close();
    }

    #open(): number {
      if (this.#database === undefined) throw invalidState("database is not open");
      return this.#database;
    }

    /**
     * SQLite's busy handler tries again after a while until the time-out has passed. Here a try that could not end
     * differently is left out: the program waits until something about the database has changed.
     */
    #ask(request: SqlRequest): unknown {
      const program = current();
      const untilMs = program.clock() + (this.#options.timeout ?? 0);
      for (;;) {
        const answer = program.now({ op: "sqlite", args: [request] }) as SqlResult;
        this.#inTransaction = answer.inTransaction;
        if (answer.failure === undefined) return answer.value;
        const leftMs = untilMs - program.clock();
        if (!answer.busy || leftMs <= 0) throw Object.assign(new Error(answer.failure.message), answer.failure);
        program.now({ op: "await-database", args: [this.#open(), answer.version, leftMs] });
      }
    }
  }

  for (const name of [
    "function",
    "aggregate",
    "enableLoadExtension",
    "loadExtension",
    "createSession",
    "applyChangeset",
  ]) {
    Object.defineProperty(SimulatedDatabase.prototype, name, {
      value: () => current().refuse(notSimulated(`sqlite.DatabaseSync.${name}()`)),
    });
  }
  Object.defineProperty(SimulatedDatabase, "name", { value: "DatabaseSync" });
  Object.defineProperty(SimulatedStatement, "name", { value: "StatementSync" });
  return {
    DatabaseSync: SimulatedDatabase,
    StatementSync: SimulatedStatement,
    backup: () => current().refuse(notSimulated("sqlite.backup()")),
    get constants() {
      return (require("node:sqlite") as typeof import("node:sqlite")).constants;
    },
  };
}

function invalidState(message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_INVALID_STATE" });
}

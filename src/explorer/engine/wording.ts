// Calls and what came of them, in the words of a trace: `open /balance (write, create, truncate)`, `EEXIST`, `"100"`.

import { constants } from "node:fs";
import { inspect } from "node:util";
import { type Call, SystemFault } from "../disk/calls.ts";
import { lastPathOf } from "../disk/describe.ts";
import type { SqlRequest, SqlResult } from "../world/databases.ts";
import type { RequestData, ResponseData } from "../world/network.ts";
import type { SimulatedProcess, WorldItem } from "../world/process.ts";
import { STALL_MS } from "../world/time.ts";

const MAX_SQL = 60;
/** No /proc/PID/stat is longer. */
const MAX_STAT = 1024;
/** Longer contents are cut. */
const MAX_SHOWN = 40;
/** Calls whose first argument is a descriptor. */
const ON_DESCRIPTORS = new Set([
  "close",
  "read",
  "write",
  "ftruncate",
  "fsync",
  "fdatasync",
  "fstat",
  "fchmod",
  "fchown",
  "futimes",
]);

export function callText(item: WorldItem, process: SimulatedProcess | undefined): string {
  if (item.told !== undefined) return item.told.call;
  switch (item.kind) {
    case "timer":
      return `timer of ${(item.dueMs ?? 0) - item.sinceMs} ms`;
    case "notice":
      return `notice of ${item.notice?.name ?? "a change"}`;
    case "crash":
      return "killed";
    case "restart":
      return item.dueMs === undefined ? "started again" : `started again as ${process?.pid}`;
    case "stall":
      return `stands still for ${STALL_MS / 1000} s`;
    case "resume":
      return "goes on";
    case "power-loss":
      return "the power goes";
    case "end":
      return "nobody starts it again";
    default:
      return item.call === undefined ? "next turn" : describeCall(item.call, process);
  }
}

function describeCall({ op, args }: Call, process: SimulatedProcess | undefined): string {
  const name = op === "readdir" ? "list" : op;
  if (ON_DESCRIPTORS.has(op)) return `${name} ${descriptorPath(process, args[0] as number)}`;
  if (op === "sleep") return `sleep ${args[0]} ms`;
  if (op === "await-database") return "wait for the database";
  if (op === "sqlite") return describeSql(args[0] as SqlRequest);
  switch (op) {
    case "open":
      return `open ${args[0]} (${openFlags(args[1] as number)})`;
    case "rename":
    case "link":
      return `${name} ${args[0]} -> ${args[1]}`;
    case "fetch":
      return `fetch ${(args[1] as RequestData).method} ${(args[1] as RequestData).url}`;
    case "respond":
      return `answer ${(args[1] as ResponseData).status}`;
    case "kill":
      return args[1] === 0 ? `look whether ${args[0]} lives` : `send ${args[1]} to ${args[0]}`;
    case "symlink":
      return `symlink ${args[1]} -> ${args[0]}`;
    default:
      return [name, ...args.filter((arg) => typeof arg === "string")].join(" ");
  }
}

function sqlText(request: SqlRequest, value: unknown): string {
  if (request.do === "run") return `${(value as { changes: number }).changes} rows changed`;
  if (request.do !== "get" && request.do !== "all") return "ok";
  return value === undefined
    ? "no row"
    : cut(JSON.stringify(value, (_key, one) => (typeof one === "bigint" ? String(one) : one)));
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function describeSql(request: SqlRequest): string {
  if (request.do === "open") return `open the database ${request.path}`;
  if (request.do === "close") return "close the database";
  const text = request.sql.replaceAll(/\s+/g, " ").trim();
  return `${request.do === "prepare" ? "prepare" : "SQL"} ${text.length > MAX_SQL ? `${text.slice(0, MAX_SQL)}...` : text}`;
}

function descriptorPath(process: SimulatedProcess | undefined, fd: number): string {
  try {
    const file = process?.files.get(fd);
    return file === undefined ? `descriptor ${fd}` : lastPathOf(file.inode);
  } catch {
    return `descriptor ${fd}`;
  }
}

function openFlags(flags: number): string {
  const access = flags & 3;
  const words = [access === constants.O_RDONLY ? "read" : access === constants.O_WRONLY ? "write" : "read and write"];
  if ((flags & constants.O_CREAT) !== 0) words.push("create");
  if ((flags & constants.O_EXCL) !== 0) words.push("only if new");
  if ((flags & constants.O_TRUNC) !== 0) words.push("truncate");
  if ((flags & constants.O_APPEND) !== 0) words.push("append");
  return words.join(", ");
}

export function outcomeText(item: WorldItem, outcome: unknown): { text: string; failed: boolean } {
  if (item.call?.op === "sqlite") {
    const { failure, value } = outcome as SqlResult;
    return failure === undefined
      ? { text: sqlText(item.call.args[0] as SqlRequest, value), failed: false }
      : { text: failure.message, failed: true };
  }
  if (outcome instanceof SystemFault) return { text: outcome.code, failed: true };
  if (outcome === undefined || outcome === null) return { text: "ok", failed: false };
  if (outcome instanceof Uint8Array) return { text: shown(outcome), failed: false };
  if (typeof outcome === "string") return { text: outcome, failed: false };
  if (Array.isArray(outcome))
    return { text: `${outcome.length} ${outcome.length === 1 ? "name" : "names"}`, failed: false };
  if (typeof outcome === "number") {
    if (item.call?.op === "open") return { text: `fd ${outcome}`, failed: false };
    return { text: item.call?.op === "write" ? wrote(item.call) : String(outcome), failed: false };
  }
  const { size, mode, event } = outcome as { size?: unknown; mode?: unknown; event?: unknown };
  if (typeof size === "number" && typeof mode === "number") return { text: statText(size, mode), failed: false };
  return {
    text: typeof event === "string" ? event : inspect(outcome, { breakLength: Infinity }).slice(0, MAX_SHOWN),
    failed: false,
  };
}

function statText(size: number, mode: number): string {
  const type = mode & constants.S_IFMT;
  if (type === constants.S_IFDIR) return "a directory";
  return type === constants.S_IFLNK ? "a link" : `${size} bytes`;
}

function wrote(call: Call): string {
  return call.args[1] instanceof Uint8Array ? shown(call.args[1]) : "ok";
}

/** What /proc/PID/stat holds: pid, name and state, and as its 22nd field the start. */
const PROCESS_STAT = /^(\d+ \(.*\) [A-Z]) (?:-?\d+ ){18}(\d+) (?:\d+ ){29}\d+\n$/;

function shown(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing";
  const [, who, start] = PROCESS_STAT.exec(Buffer.from(bytes.subarray(0, MAX_STAT)).toString("latin1")) ?? [];
  if (start !== undefined) return `${who}, started at tick ${start}`;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_SHOWN)).toString("utf8");
  const cut = bytes.length > MAX_SHOWN ? "..." : "";
  return /\p{Cc}/u.test(text.replaceAll("\n", "")) ? `${bytes.length} bytes` : `${JSON.stringify(text)}${cut}`;
}

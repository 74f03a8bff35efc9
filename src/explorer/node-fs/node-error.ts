// Errors as Node makes them: of a fault of the kernel, of wrong arguments, and of what is not simulated.

import { getSystemErrorMap, inspect } from "node:util";
import type { Call } from "../disk/calls.ts";

/** A call that failed, on its way through a program, which may say what Node says it was doing. */
export class Failed {
  readonly code: string;
  readonly call: Call;
  syscall: string | undefined;
  path: string | undefined;
  dest: string | undefined;

  constructor(code: string, call: Call) {
    this.code = code;
    this.call = call;
    this.syscall = SYSCALL_NAMES[call.op] ?? call.op;
    const [first, second] = call.args;
    if (typeof first === "string") this.path = call.op === "mkdtemp" ? `${first}XXXXXX` : first;
    if (typeof second === "string") this.dest = second;
  }

  /** Tells the failure as one of the function the program asked for. */
  as(syscall: string, path?: string, dest?: string): this {
    this.syscall = syscall;
    this.path = path;
    this.dest = dest;
    return this;
  }
}

/** Where Node's name of a call is not the kernel's. */
const SYSCALL_NAMES: Readonly<Record<string, string>> = {
  readdir: "scandir",
  utimes: "utime",
  lutimes: "lutime",
  futimes: "futime",
};

interface SystemErrorFacts {
  readonly errno: number;
  readonly message: string;
}

const byCode = new Map<string, SystemErrorFacts>();
for (const [errno, [code, message]] of getSystemErrorMap()) byCode.set(code, { errno, message });

/** An error of the system as Node shows it. The stack begins above `api`; without it there is none, as Node has none then. */
export function nodeError(
  { code, syscall, path, dest }: Pick<Failed, "code" | "syscall" | "path" | "dest">,
  api?: (...args: never[]) => unknown,
): NodeJS.ErrnoException {
  const facts = byCode.get(code);
  let message = `${code}: ${facts?.message ?? "unknown error"}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  const error = bare(message) as NodeJS.ErrnoException & { dest?: string };
  if (api !== undefined) Error.captureStackTrace(error, api);
  if (facts !== undefined) error.errno = facts.errno;
  error.code = code;
  if (syscall !== undefined) error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

/** Without a stack: collecting one costs more than all the rest. */
function bare(message: string): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error(message);
  Error.stackTraceLimit = limit;
  return error;
}

/** `errno` of a code, negative, as Node gives it. */
export function errnoOf(code: string): number | undefined {
  return byCode.get(code)?.errno;
}

/** The error of an aborted signal. */
export class AbortError extends Error {
  readonly code = "ABORT_ERR";
  constructor(cause: unknown) {
    super("The operation was aborted", { cause });
    this.name = "AbortError";
  }
}

type ErrorClass = typeof Error | typeof TypeError | typeof RangeError;

/** An error of Node's own: the code is in the first line of its stack, not in its name. */
export function coded(Class: ErrorClass, code: string, message: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Class(message);
  const name = error.name;
  Object.defineProperty(error, "name", { value: `${name} [${code}]`, configurable: true });
  void error.stack;
  Reflect.deleteProperty(error, "name");
  error.code = code;
  return error;
}

/** `expected` as in "of type string or an instance of Buffer or URL". */
export function wrongType(name: string, expected: string, actual: unknown): Error {
  const kind = name.includes(".") ? "property" : "argument";
  return coded(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    `The "${name}" ${kind} must be ${expected}. Received ${typeOf(actual)}`,
  );
}

export function wrongValue(name: string, value: unknown, reason = "is invalid"): Error {
  const kind = name.includes(".") ? "property" : "argument";
  let shown = inspect(value);
  if (shown.length > 128) shown = `${shown.slice(0, 128)}...`;
  return coded(TypeError, "ERR_INVALID_ARG_VALUE", `The ${kind} '${name}' ${reason}. Received ${shown}`);
}

export function outOfRange(name: string, range: string, value: number | bigint): Error {
  const large = typeof value === "bigint" ? value > 2n ** 32n || value < -(2n ** 32n) : Math.abs(value) > 2 ** 32;
  let shown = typeof value === "bigint" ? String(value) : inspect(value);
  if (large && (typeof value === "bigint" || Number.isInteger(value))) shown = withSeparators(String(value));
  if (typeof value === "bigint") shown += "n";
  return coded(
    RangeError,
    "ERR_OUT_OF_RANGE",
    `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`,
  );
}

function withSeparators(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, "_");
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "bigint":
      return `type bigint (${value}n)`;
    case "number":
      return Object.is(value, -0) ? "type number (-0)" : `type number (${value})`;
    case "symbol":
    case "boolean":
      return `type ${typeof value} (${String(value)})`;
    case "function":
      return `function ${value.name}`;
    case "string": {
      const short = value.length > 28 ? `${value.slice(0, 25)}...` : value;
      return short.includes("'") ? `type string (${JSON.stringify(short)})` : `type string ('${short}')`;
    }
    default: {
      const maker: unknown = (value as object).constructor;
      if (typeof maker === "function") return `an instance of ${maker.name}`;
      return inspect(value, { depth: -1 });
    }
  }
}

/** The errors of `cp` and `rm` that Node itself finds. */
export function systemError(
  key: string,
  prefix: string,
  info: { code: string; message: string; path: string; syscall: string },
  given: unknown = info.path,
): NodeJS.ErrnoException {
  const errno = -(errnoOf(info.code) ?? 0);
  const message = `${prefix}: ${info.syscall} returned ${info.code} (${info.message}) ${info.path}`;
  const error = coded(Error, key, message);
  Object.defineProperty(error, "name", { value: "SystemError", configurable: true, writable: true });
  return Object.assign(error, { info: { ...info, path: given, errno }, errno, syscall: info.syscall, path: info.path });
}

const RM_REASONS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  EPERM: "Operation not permitted",
};
const UNKNOWN_ERRNO = -4094;

/** What `rmSync` throws, which has a way with errors of its own: `errno` is positive, the message is another. */
export function rmSyncError(code: string, path: string): NodeJS.ErrnoException {
  const reason = RM_REASONS[code];
  const facts = byCode.get(code);
  if (reason === undefined) {
    const error = new Error(`, Unknown error: ${facts?.message ?? code} '${path}'`);
    return Object.assign(error, { errno: UNKNOWN_ERRNO, code: "", path, syscall: "rm" });
  }
  const error = new Error(`${code}, ${reason}: ${path} '${path}'`);
  return Object.assign(error, { errno: -(facts?.errno ?? 0), code, path, syscall: "rm" });
}

/** More than there are between the code under test and what finds out that something is not simulated. */
const FRAMES = 50;

/** A function, or a way to call it, that the explorer does not have. */
export function notSimulated(what: string, instead: string): NodeJS.ErrnoException {
  const error = coded(Error, "ERR_NOT_SIMULATED", `${what} is not simulated by the race explorer: ${instead}`);
  // Below all of ours is the line that called.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  Error.captureStackTrace(error, notSimulated);
  Error.stackTraceLimit = limit;
  hearOf(error);
  return error;
}

/** Is told of each such error before it is thrown: the code under test may make nothing of it. */
let hearOf: (error: Error) => void = () => undefined;
export function hearOfNotSimulated(hear: (error: Error) => void): void {
  hearOf = hear;
}

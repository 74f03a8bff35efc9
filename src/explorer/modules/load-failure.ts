// What is thrown when a file cannot be loaded.
//
// The code under test may catch it (`try { require("fsevents") } catch`), so inside a simulated process it is what
// Node throws: an Error or SyntaxError with Node's code. Once it leaves the process it is a `ScenarioError`.

import { ScenarioError } from "../scenario-error.ts";

export interface Failure {
  /** As Node has it: `MODULE_NOT_FOUND`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly syntax?: true;
  readonly cause?: unknown;
}

const hints = new WeakMap<Error, string>();

export function loadFailure(failure: Failure): Error {
  const options = failure.cause === undefined ? undefined : { cause: failure.cause };
  const error = failure.syntax ? new SyntaxError(failure.message, options) : new Error(failure.message, options);
  // Not among the enumerable properties: a SyntaxError of Node has no code, and programs print what they catch.
  Object.defineProperty(error, "code", { value: failure.code, configurable: true, writable: true });
  hints.set(error, failure.hint);
  return error;
}

const COMPILED = "ERR_DLOPEN_FAILED";

/** An add-on, or WebAssembly as a module: no code that can be made anew for each process. */
export function compiledCode(file: string): Error {
  return loadFailure({
    code: COMPILED,
    message: `Cannot load ${file}: compiled code cannot be simulated`,
    hint: "Leave the package out of the scenario, or put a small replacement in its place.",
  });
}

export function isCompiledCode(error: unknown): error is Error {
  return error instanceof Error && hints.has(error) && (error as { code?: unknown }).code === COMPILED;
}

export function notExported(name: string, specifier: string, importer: string): Error {
  return loadFailure({
    code: "ERR_SYNTAX",
    message: `${importer}: The requested module '${specifier}' does not provide an export named '${name}'`,
    hint: "Export the name, or correct it where it is imported; a type is imported with `import type`.",
    syntax: true,
  });
}

/** The failure to load as a fault of the scenario; undefined for an error that was thrown by the code under test. */
export function scenarioErrorOf(error: unknown): ScenarioError | undefined {
  if (error instanceof ScenarioError) return error;
  if (!(error instanceof Error)) return undefined;
  const hint = hints.get(error);
  return hint === undefined ? undefined : new ScenarioError(error.message, { hint, cause: error });
}

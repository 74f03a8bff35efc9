// A file as it is compiled: read once, brought into a form that `vm.compileFunction` takes. Can be sent to a worker.

import { readFileSync } from "node:fs";
import { extname } from "node:path";
import vm from "node:vm";
import { type Transformed, transformModule, whereSyntaxFails } from "./esbuild.ts";
import { compiledCode, loadFailure } from "./load-failure.ts";
import type { PackageType } from "./package-scope.ts";

export type Format = "esm" | "cjs" | "json";

export interface Source {
  readonly file: string;
  readonly format: Format;
  readonly code: string;
  /** A source map (version 3, JSON); absent where the code is the file's own. */
  readonly map?: string;
}

/** Why Node takes a file without a declared format for a module after all. */
const MODULE_SYNTAX = [
  "Cannot use import statement outside a module",
  "Unexpected token 'export'",
  "Cannot use 'import.meta' outside a module",
  "await is only valid in async functions and the top level bodies of modules",
];

const CJS_NAMES = ["exports", "require", "module", "__filename", "__dirname"];

/** Throws a load failure: the file cannot be read, is of a kind that cannot be simulated, or has a syntax error. */
export function readSource(file: string, type: PackageType): Source {
  const extension = extname(file);
  if (extension === ".node" || extension === ".wasm") {
    throw compiledCode(file);
  }
  const text = readText(file);
  if (extension === ".json") return { file, format: "json", code: text };
  // A hashbang is no JavaScript inside a function; as long as this, it is a comment.
  const body = text.startsWith("#!") ? `//${text.slice(2)}` : text;
  const typed = /^\.([cm]?ts|tsx|jsx)$/.test(extension);
  const format = declaredFormat(extension, type) ?? (isModule(file, body, typed) ? "esm" : "cjs");
  if (format === "esm") return { file, format, ...transformModule(file, body, "esm") };
  // In a package said to be CommonJS, TypeScript's compiler turns `import` into `require`.
  if (typed && isModule(file, body, typed)) return { file, format: "esm", ...transformModule(file, body, "mixed") };
  return { file, format, ...commonJs(file, body, typed) };
}

/** Anew for each instance: programs may change what they were given. */
export function parseJson({ file, code }: Source): unknown {
  try {
    return JSON.parse(code);
  } catch (error) {
    throw loadFailure({
      code: "ERR_SYNTAX",
      message: `${file}: ${error instanceof Error ? error.message : String(error)}`,
      hint: "Correct the JSON.",
      syntax: true,
      cause: error,
    });
  }
}

function commonJs(file: string, body: string, typed: boolean): Transformed {
  // `import()` is the one thing in CommonJS that is not a function passed in.
  if (typed || /\bimport\b/.test(body)) return transformModule(file, body, "cjs");
  const error = syntaxErrorOf(file, body);
  if (error !== undefined) throw whereSyntaxFails(file, body, error);
  return { code: body };
}

function declaredFormat(extension: string, type: PackageType): Format | undefined {
  if (extension === ".mjs" || extension === ".mts") return "esm";
  if (extension === ".cjs" || extension === ".cts") return "cjs";
  if (type === "none") return undefined;
  return type === "module" ? "esm" : "cjs";
}

function isModule(file: string, body: string, typed: boolean): boolean {
  if (!/\b(import|export|await)\b/.test(body)) return false;
  const erased = typed ? transformModule(file, body, "as it is").code : body;
  const error = syntaxErrorOf(file, erased);
  return error !== undefined && MODULE_SYNTAX.includes(error.message);
}

function syntaxErrorOf(file: string, body: string): Error | undefined {
  try {
    vm.compileFunction(body, CJS_NAMES, { filename: file });
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw loadFailure({
      code: "MODULE_NOT_FOUND",
      message: `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
      hint: "Check the path and that the file may be read.",
      cause: error,
    });
  }
}

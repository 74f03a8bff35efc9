// TypeScript and ES modules in the form of CommonJS, made by esbuild, without the helpers that it puts before each file.

import { createRequire } from "node:module";
import { basename, extname } from "node:path";
import type { Loader, Message, TransformFailure } from "esbuild";
import { assert } from "../../errors.ts";
import { dynamicImportsAs } from "./dynamic-imports.ts";
import { loadFailure } from "./load-failure.ts";

/**
 * `esm`: a module; `mixed`: a module in which `require` and `module` are there too; `cjs`: types are removed and
 * `import()` is replaced; `as it is`: types are removed.
 */
export type Form = "esm" | "mixed" | "cjs" | "as it is";

export interface Transformed {
  readonly code: string;
  readonly map?: string;
}

/** The parameters by which compiled code gets its `import.meta` and its `import()`. The second is as long as `import`. */
export const META = "$holdfastMeta";
export const DYNAMIC_IMPORT = "$hfim$";

/** A statement before which esbuild's helpers end, for files that have helpers of a bundler themselves. */
const START = "$holdfastStart();";

/**
 * The helpers of this version of esbuild, each from its start to its end. Compiled code gets them as parameters instead
 * (see `interop.ts`): shared by all files, and doing as Node does. Names inside of them differ from file to file.
 */
const HELPERS: readonly RegExp[] = [
  /^var __(create|defProp|getOwnPropDesc|getOwnPropNames|getProtoOf|hasOwnProp) = Object\.[\w.]+;\n/gm,
  /^var __(export|copyProps) = \(.*\) => \{\n(?: .*\n)+\};\n/gm,
  /^var __reExport = \(.*\) => .*;\n/gm,
  /^var __toESM = \(.*\) => .*\n(?: .*\n)+\)\);\n/gm,
  /^var __toCommonJS = \(.*\) => .*;\n/gm,
];

/** Where the exports are declared; in their place the compiled code uses the module itself. */
const DECLARED_EXPORTS =
  /^(var [\w$]+ = )\{\};\n((?:__export\([\s\S]*?\n\}\);\n)?)module\.exports = __toCommonJS\(.*\);\n/m;

/** An `import * as x` or `import x`. */
const WHOLE_IMPORT = /^var ([\w$]+) = __toESM\((require\(".*"\))(?:, 1)?\);$/gm;

const HELPER_NAMES =
  /\b__(create|defProp|getOwnProp\w+|getProtoOf|hasOwnProp|export|copyProps|reExport|toESM|toCommonJS)\b/;

/** Loaded when first needed: workers are given what was transformed before. */
let esbuild: typeof import("esbuild") | undefined;

export function transformModule(file: string, text: string, form: Form): Transformed {
  const marked = form !== "cjs" && form !== "as it is" && HELPER_NAMES.test(text);
  const made = runEsbuild(file, marked ? START + text : text, form);
  if (form === "as it is") return made;
  const code = form === "cjs" ? made.code : withoutHelpers(made.code, marked);
  return { ...made, code: dynamicImportsAs(DYNAMIC_IMPORT, code) };
}

function runEsbuild(file: string, text: string, form: Form): Transformed {
  esbuild ??= createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const module = form === "esm" || form === "mixed";
  try {
    const { code, map } = esbuild.transformSync(text, {
      loader: loaderOf(file),
      ...(module ? { format: "cjs" as const } : {}),
      target: "esnext",
      supported: { decorators: false },
      define: { ...(module ? { "import.meta": META } : {}), ...(form === "esm" ? NOT_IN_MODULES : {}) },
      sourcemap: "external",
      sourcesContent: false,
      sourcefile: basename(file),
      logLevel: "silent",
    });
    return { code, map };
  } catch (error) {
    throw syntaxFailure(file, error);
  }
}

/** `typeof require` is "undefined" in a module; using it is a ReferenceError. */
const NOT_IN_MODULES = Object.fromEntries(
  ["require", "module", "exports", "__filename", "__dirname"].map((name) => [
    name,
    `${name}_is_not_defined_in_ES_module_scope`,
  ]),
);

function loaderOf(file: string): Loader {
  const extension = extname(file);
  if (extension === ".tsx" || extension === ".jsx") return extension === ".tsx" ? "tsx" : "jsx";
  return /^\.[cm]?ts$/.test(extension) ? "ts" : "js";
}

/** The helpers become empty lines: the source map must stay right. */
function withoutHelpers(code: string, marked: boolean): string {
  // Code that was bundled has helpers of its own, of the same names but for a number: they are behind the mark.
  const end = marked ? code.indexOf(START) : code.length;
  assert(end !== -1, "the mark is in the compiled code");
  let head = code.slice(0, end);
  for (const helper of HELPERS) head = head.replace(helper, (found) => "\n".repeat(found.split("\n").length - 1));
  assert(!/^var __(copyProps|toESM|toCommonJS) =/m.test(head), "the helpers of esbuild are those that are known");
  const declared = head.replace(DECLARED_EXPORTS, "$1module;\n$2\n");
  return importsOfMembers(declared + code.slice(end + (marked ? START.length : 0)));
}

/** Imports of which only members are used, `x.name`, say so by leaving out `__toESM`: that takes less to make. */
function importsOfMembers(code: string): string {
  return code.replace(WHOLE_IMPORT, (statement, name: string, required: string) => {
    const escaped = name.replaceAll("$", "\\$&");
    const other = new RegExp(`(?<![\\w$])${escaped}(?![\\w$]|\\.|\\[| = __toESM\\(require\\()`);
    return other.test(code) ? statement : `var ${name} = ${required};`;
  });
}

/** Why `text`, which the engine refused with `error`, cannot be compiled; with the place, if esbuild can tell it. */
export function whereSyntaxFails(file: string, text: string, error: Error): Error {
  try {
    runEsbuild(file, text, "as it is");
  } catch (failure) {
    return failure instanceof Error ? failure : error;
  }
  const place = /^(.*:\d+)\n(.*)\n/.exec(error.stack ?? "");
  return syntaxError(place?.[1] ?? file, error.message, place?.[2] ?? "", error);
}

function syntaxFailure(file: string, error: unknown): Error {
  const message: Message | undefined = (error as Partial<TransformFailure>).errors?.[0];
  if (message === undefined) throw error;
  const { location, text } = message;
  const place = location === null ? file : `${file}:${location.line}:${location.column + 1}`;
  if (/^Top-level await/.test(text)) {
    return loadFailure({
      code: "ERR_REQUIRE_ASYNC_MODULE",
      message: `${place}: top-level await cannot be simulated: ${location?.lineText.trim() ?? ""}`,
      hint: "Move the await into a function that the scenario calls, such as setup.",
      syntax: true,
    });
  }
  return syntaxError(place, text, location?.lineText ?? "", undefined);
}

function syntaxError(place: string, text: string, line: string, cause: unknown): Error {
  return loadFailure({
    code: "ERR_SYNTAX",
    message: `${place}: ${text}${line === "" ? "" : `: ${line.trim()}`}`,
    hint: "Correct the syntax; the file must be one that Node itself can run.",
    syntax: true,
    cause,
  });
}

// A source compiled once: a function that every instance calls anew.

import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import type { Members } from "./es-module.ts";
import { DYNAMIC_IMPORT, META } from "./esbuild.ts";
import { importedNames } from "./imported-names.ts";
import { HELPERS } from "./interop.ts";
import type { Source } from "./source.ts";

/** What a specifier in a file leads to. */
export type Link =
  | { readonly builtin: string; readonly file?: undefined }
  | { readonly builtin?: undefined; readonly file: CompiledFile; readonly key: string; checked?: true };

/** The body of a module, ready to run: of CommonJS with Node's five arguments, of an ES module with none. */
export type Body = (this: unknown, ...args: unknown[]) => unknown;

/** Takes what belongs to the module, then the helpers, then the globals; returns the body. */
type Maker = (...args: unknown[]) => Body;

/** Before the helpers and the globals. `module` and `require` are those of ES modules in CommonJS form. */
const OWN_PARAMETERS = ["module", "require", "__reExport", META, DYNAMIC_IMPORT];

const HELPER_VALUES = Object.values(HELPERS);

export class CompiledFile {
  readonly source: Source;
  readonly folder: string;
  readonly links = { import: new Map<string, Link>(), require: new Map<string, Link>() };
  readonly usesMeta: boolean;
  readonly usesDynamicImport: boolean;
  readonly exportsAll: boolean;
  /** What is given to those who import members of it; an ES module's, once it has run. */
  members: Members | undefined;
  #importedNames: ReadonlyMap<string, readonly string[]> | undefined;
  #url: string | undefined;
  #maker: Maker | undefined;

  constructor(source: Source) {
    this.source = source;
    this.folder = dirname(source.file);
    this.usesMeta = source.code.includes(META);
    this.usesDynamicImport = source.code.includes(DYNAMIC_IMPORT);
    this.exportsAll = source.code.includes("__reExport(");
  }

  /** The names that an ES module imports, by specifier. */
  get importedNames(): ReadonlyMap<string, readonly string[]> {
    this.#importedNames ??= importedNames(this.source);
    return this.#importedNames;
  }

  get url(): string {
    this.#url ??= pathToFileURL(this.source.file).href;
    return this.#url;
  }

  /** The body for one instance. `shared` is what `sharedArguments` gave. */
  body(globalNames: readonly string[], own: readonly unknown[], shared: readonly unknown[]): Body {
    this.#maker ??= compile(this.source, globalNames);
    return this.#maker(...own, ...shared);
  }
}

/** The arguments that all modules of an instance have in common. */
export function sharedArguments(globalNames: readonly string[], globals: Readonly<Record<string, unknown>>): unknown[] {
  const shared = HELPER_VALUES.slice();
  for (const name of globalNames) shared.push(globals[name]);
  return shared;
}

function compile(source: Source, globalNames: readonly string[]): Maker {
  // The body is a function inside: a file may declare a `const crypto` of its own, which no parameter allows.
  const head =
    source.format === "esm"
      ? 'return (function () { "use strict"; '
      : "return (function (exports, require, module, __filename, __dirname) { ";
  return vm.compileFunction(`${head}${source.code}\n})`, [...OWN_PARAMETERS, ...Object.keys(HELPERS), ...globalNames], {
    filename: source.file,
    columnOffset: -head.length,
  }) as Maker;
}

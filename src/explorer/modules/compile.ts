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
  | { readonly builtin: string; readonly file?: undefined; checked?: true }
  | { readonly builtin?: undefined; readonly file: CompiledFile; readonly key: string; checked?: true };

/** The body of a module, ready to run: of CommonJS with Node's five arguments, of an ES module with none. */
export type Body = (this: unknown, ...args: unknown[]) => unknown;

/** Takes what belongs to the module and to its instance: `OWN_PARAMETERS`; returns the body. */
export type Maker = (...own: unknown[]) => Body;

/** `module` and `require` are those of ES modules in CommonJS form. */
const OWN_PARAMETERS = ["module", "require", "__reExport", META, DYNAMIC_IMPORT, "globalThis", "global"];

/** Code without any of these cannot reach the object of its globals by name; the names may be written with escapes. */
const GLOBAL_OBJECT = /\bglobal(This)?\b|\beval\b|\\u/;

const HELPER_VALUES = Object.values(HELPERS);

export class CompiledFile {
  readonly source: Source;
  readonly folder: string;
  readonly links = { import: new Map<string, Link>(), require: new Map<string, Link>() };
  readonly usesMeta: boolean;
  readonly usesDynamicImport: boolean;
  readonly exportsAll: boolean;
  readonly usesGlobalObject: boolean;
  /** What is given to those who import members of it; an ES module's, once it has run. */
  members: Members | undefined;
  #importedNames: ReadonlyMap<string, readonly string[]> | undefined;
  #url: string | undefined;
  #compiled: ((...shared: unknown[]) => Maker) | undefined;

  constructor(source: Source) {
    this.source = source;
    this.folder = dirname(source.file);
    this.usesMeta = source.code.includes(META);
    this.usesDynamicImport = source.code.includes(DYNAMIC_IMPORT);
    this.exportsAll = source.code.includes("__reExport(");
    this.usesGlobalObject = GLOBAL_OBJECT.test(source.code);
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

  /** What makes the bodies of all instances that have these globals. The same names every time. */
  maker(globalNames: readonly string[], globals: readonly unknown[]): Maker {
    this.#compiled ??= compile(this.source, globalNames);
    return this.#compiled(...HELPER_VALUES, ...globals);
  }
}

function compile(source: Source, globalNames: readonly string[]): (...shared: unknown[]) => Maker {
  // The body is a function inside: a file may declare a `const crypto` of its own, which no parameter allows.
  const body =
    source.format === "esm"
      ? 'return (function () { "use strict"; '
      : "return (function (exports, require, module, __filename, __dirname) { ";
  const head = `return function (${OWN_PARAMETERS.join(", ")}) { ${body}`;
  return vm.compileFunction(`${head}${source.code}\n}) }`, [...Object.keys(HELPERS), ...globalNames], {
    filename: source.file,
    columnOffset: -head.length,
  }) as (...shared: unknown[]) => Maker;
}

// All modules of one simulated process: made anew from compiled files, forgotten as a whole.

import { fileURLToPath } from "node:url";
import { CommonJsModule, makeRequire, type Requiring } from "./common-js.ts";
import type { CompiledFile, Link } from "./compile.ts";
import { EsModule, Members, readersOf } from "./es-module.ts";
import type { GlobalObject } from "./global-object.ts";
import { builtinExports, exportAll, type Namespace, refreshBuiltin, refreshCommonJs, requiredFace } from "./interop.ts";
import { isCompiledCode, notExported, scenarioErrorOf } from "./load-failure.ts";
import type { Modules } from "./modules.ts";
import type { Scope } from "./scope.ts";
import { parseJson } from "./source.ts";

export interface InstanceOptions {
  /**
   * What the code finds under these names, and in `globalThis`. The same names for every instance of a `Modules`; and an
   * object that was given once keeps its values.
   */
  readonly globals: Readonly<Record<string, unknown>>;
  /** The builtin of a name without `node:`, as `require` gives it; asked once. May throw. */
  readonly builtin: (name: string, instance: Instance) => unknown;
  /**
   * The same, as long as nobody was given it since it was as it is made: nobody can have patched it, and what is imported
   * of it is the same for all instances with these globals. Undefined otherwise.
   */
  readonly pristine?: (name: string) => unknown;
  /** Ends the program that wants what cannot be simulated; returns if none is running. */
  readonly refuse?: (error: Error) => void;
  /** The file that takes itself for the one that was started (`require.main`, `import.meta.main`). Default: none. */
  readonly main?: string;
}

export class Instance {
  readonly #modules: Modules;
  readonly #options: InstanceOptions;
  readonly #scope: Scope;
  /** CommonJS modules and what is required of JSON: `require.cache`. */
  readonly #cache: Record<string, CommonJsModule | undefined> = Object.create(null);
  readonly #esModules = new Map<string, EsModule>();
  /** What an `import` sees of CommonJS modules. */
  readonly #imported = new Map<CommonJsModule, Namespace>();
  readonly #builtins = new Map<string, unknown>();
  /** What an `import` sees of builtins. */
  readonly #importedBuiltins = new Map<string, Namespace>();
  #mainModule: CommonJsModule | undefined;
  /** How many modules are running their own code just now. */
  #evaluating = 0;

  #global: GlobalObject | undefined;

  constructor(modules: Modules, scope: Scope, options: InstanceOptions) {
    this.#modules = modules;
    this.#options = options;
    this.#scope = scope;
  }

  /** `globalThis` of the code. Most code never asks for it. */
  get global(): GlobalObject {
    this.#global ??= this.#scope.makeGlobal();
    return this.#global;
  }

  /** Runs a file and what it imports, unless it has run; returns its namespace. Throws `ScenarioError` if it cannot be loaded. */
  load(file: string | URL): Namespace {
    try {
      return this.#import(this.#modules.entry(file), undefined);
    } catch (error) {
      throw scenarioErrorOf(error) ?? error;
    }
  }

  /** `module.createRequire` of the replaced `node:module`. */
  createRequire(from: string | URL): Requiring {
    const path = from instanceof URL || from.startsWith("file:") ? fileURLToPath(from) : from;
    return this.#requireOf(this.#modules.outside(path), undefined);
  }

  /** `module.syncBuiltinESMExports`: named imports of builtins follow what was put into their objects. */
  syncBuiltins(): void {
    for (const [name, namespace] of this.#importedBuiltins) {
      refreshBuiltin(namespace, this.#builtinOf(name, "imported", undefined));
      this.#scope.forget(name, namespace);
    }
  }

  /** What `import * as x` gives. */
  #import(link: Link, from: CompiledFile | undefined): Namespace {
    if (link.file === undefined) return this.#importBuiltin(link.builtin, from);
    if (link.file.source.format === "esm") return this.#runEsModule(link.file, link.key).namespace;
    return this.#importCommonJs(link.file);
  }

  /** What compiled code makes of an import: the namespace, or what has its members. */
  #importMembers(specifier: string, from: CompiledFile): object {
    const link = this.#modules.link(from, "import", specifier);
    if (link.file === undefined) {
      const namespace = this.#importBuiltin(link.builtin, from);
      if (!link.checked) checkBuiltin(namespace, link.builtin, specifier, from);
      link.checked = true;
      return namespace;
    }
    if (link.file.source.format !== "esm") return this.#import(link, from);
    const { file } = link;
    const module = this.#runEsModule(file, link.key);
    if (!link.checked && module.state === "done") {
      const absent = from.importedNames.get(specifier)?.find((name) => !Object.hasOwn(module.readers, name));
      if (absent !== undefined) throw notExported(absent, specifier, from.source.file);
      link.checked = true;
    }
    if (module.state === "running" && file.exportsAll) return module.namespace;
    if (file.members === undefined || (file.exportsAll && !file.members.areOf(module.readers))) {
      file.members = new Members(Object.keys(module.readers));
    }
    return module.membersBy(file.members);
  }

  #importCommonJs(file: CompiledFile): Namespace {
    const module = this.#runCommonJs(file, undefined);
    let namespace = this.#imported.get(module);
    if (namespace === undefined) {
      const { snapshots } = this.#modules;
      const { exports } = module;
      namespace = file.source.format === "json" ? snapshots.ofJson(exports) : snapshots.ofCommonJs(module.id, exports);
      this.#imported.set(module, namespace);
    }
    return namespace;
  }

  #importBuiltin(name: string, from: CompiledFile | undefined): Namespace {
    let namespace = this.#importedBuiltins.get(name);
    if (namespace === undefined) {
      const { pristine, builtin } = this.#options;
      const give = (given: string): unknown => builtin(given, this);
      const face = pristine && asking("imported", name, from, () => pristine(name));
      namespace =
        face === undefined
          ? this.#modules.snapshots.ofBuiltin(name, this.#builtinOf(name, "imported", from))
          : this.#scope.namespaceOf(name, face, give);
      this.#importedBuiltins.set(name, namespace);
    }
    return namespace;
  }

  #builtinOf(name: string, asked: string, from: CompiledFile | undefined): unknown {
    let builtin = this.#builtins.get(name);
    if (builtin === undefined) {
      builtin = asking(asked, name, from, () => this.#options.builtin(name, this));
      this.#builtins.set(name, builtin);
    }
    return builtin;
  }

  #runEsModule(file: CompiledFile, key: string): EsModule {
    const known = this.#esModules.get(key);
    if (known?.state === "failed") throw known.error;
    if (known !== undefined) return known;
    const module = new EsModule();
    this.#esModules.set(key, module);
    const importing = (specifier: string) => this.#importMembers(specifier, file);
    const reExport = file.exportsAll ? (_: unknown, from: object) => this.#exportAll(module, from) : undefined;
    const meta = file.usesMeta ? this.#metaOf(file, key) : undefined;
    const dynamicImport = file.usesDynamicImport ? this.#dynamicImportOf(file) : undefined;
    const global = file.usesGlobalObject ? this.global : undefined;
    this.#evaluating += 1;
    try {
      const maker = this.#scope.makerOf(file);
      maker(module, importing, reExport, meta, dynamicImport, global, global).call(undefined);
    } catch (error) {
      module.state = "failed";
      module.error = error;
      throw error;
    } finally {
      this.#evaluating -= 1;
    }
    module.state = "done";
    if (module.after !== undefined) for (const then of module.after) then();
    return module;
  }

  #exportAll(module: EsModule, from: object): void {
    exportAll(module, from);
    const theirs = readersOf(from);
    for (const other of this.#esModules.values()) {
      // In a cycle: the other module has not said yet all that it exports.
      if (other.readers !== theirs || other.state !== "running") continue;
      other.after ??= [];
      other.after.push(() => exportAll(module, from));
    }
  }

  #metaOf(file: CompiledFile, key: string): object {
    return Object.assign(Object.create(null), {
      dirname: file.folder,
      filename: file.source.file,
      main: this.#options.main === file.source.file,
      resolve: (specifier: string) => this.#modules.urlOf(file, specifier),
      url: file.url + key.slice(file.source.file.length),
    });
  }

  #dynamicImportOf(file: CompiledFile): (specifier: unknown) => Promise<Namespace> {
    return async (specifier) => {
      const name = String(specifier);
      // What is imported runs after the code that asked for it.
      await undefined;
      return this.#late(() => this.#import(this.#modules.link(file, "import", name), file));
    };
  }

  #require(link: Link, from: CompiledFile, parent: CommonJsModule | undefined): unknown {
    if (link.file === undefined) return this.#builtinOf(link.builtin, "required", from);
    if (link.file.source.format !== "esm") return this.#runCommonJs(link.file, parent).exports;
    const module = this.#runEsModule(link.file, link.key);
    if (module.state === "running") return module.namespace;
    module.required ??= requiredFace(module);
    return module.required;
  }

  #runCommonJs(file: CompiledFile, parent: CommonJsModule | undefined): CommonJsModule {
    const path = file.source.file;
    const known = this.#cache[path];
    if (known !== undefined) return known;
    const module = new CommonJsModule(path, parent, () => require);
    const require = this.#requireOf(file, module);
    if (this.#options.main === path) this.#mainModule = require.main = module;
    this.#cache[path] = module;
    this.#evaluating += 1;
    try {
      if (file.source.format === "json") module.exports = parseJson(file.source);
      else this.#callCommonJs(file, module, require);
    } catch (error) {
      delete this.#cache[path];
      throw error;
    } finally {
      this.#evaluating -= 1;
    }
    module.loaded = true;
    const namespace = this.#imported.get(module);
    if (namespace !== undefined && file.source.format === "cjs") refreshCommonJs(namespace, module.exports);
    return module;
  }

  #callCommonJs(file: CompiledFile, module: CommonJsModule, require: Requiring): void {
    const dynamicImport = file.usesDynamicImport ? this.#dynamicImportOf(file) : undefined;
    const global = file.usesGlobalObject ? this.global : undefined;
    const maker = this.#scope.makerOf(file);
    const body = maker(undefined, undefined, undefined, undefined, dynamicImport, global, global);
    body.call(module.exports, module.exports, require, module, file.source.file, file.folder);
  }

  /**
   * Loads on behalf of code that runs. A module that looks for compiled code while it is loaded itself mostly has another
   * way; what a function of the program asks for is what the program needs, also if it makes another error of it.
   */
  #late<T>(load: () => T): T {
    try {
      return load();
    } catch (error) {
      if (this.#evaluating === 0 && isCompiledCode(error)) this.#options.refuse?.(error);
      throw error;
    }
  }

  #requireOf(file: CompiledFile, module: CommonJsModule | undefined): Requiring {
    return makeRequire(
      (specifier) => this.#late(() => this.#require(this.#modules.link(file, "require", specifier), file, module)),
      (specifier) => this.#modules.pathOf(file, specifier),
      file.source.file,
      this.#cache,
      this.#mainModule,
    );
  }
}

/** @throws if a name is imported that Node does not export */
function checkBuiltin(namespace: Namespace, builtin: string, specifier: string, from: CompiledFile): void {
  const absent = from.importedNames.get(specifier)?.filter((name) => !Object.hasOwn(namespace, name)) ?? [];
  const missing = absent.find((name) => !builtinExports(builtin, name));
  if (missing !== undefined) throw notExported(missing, specifier, from.source.file);
}

/** Asks for a builtin; if it is refused, with who wanted it. */
function asking(asked: string, name: string, from: CompiledFile | undefined, ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    const importer = from?.source.file ?? "the scenario";
    if (error instanceof Error && !error.message.includes(importer)) {
      error.message += ` ("${name}", ${asked} by ${importer})`;
    }
    throw error;
  }
}

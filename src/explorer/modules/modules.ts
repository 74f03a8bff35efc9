// The code under test, and every package that it imports, compiled once and instantiated as often as processes start.
//
// `Modules` holds what is shared: where specifiers lead, sources, compiled functions, source maps. An `Instance` is the
// modules of one simulated process. `import()` with a query string would do the same, but leaks and takes milliseconds.

import { realpathSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CompiledFile, type Link } from "./compile.ts";
import { Globals } from "./global-object.ts";
import { Instance, type InstanceOptions } from "./instance.ts";
import { Snapshots } from "./interop.ts";
import { loadFailure } from "./load-failure.ts";
import { PackageScopes } from "./package-scope.ts";
import { Positions } from "./positions.ts";
import { type Kind, type Resolutions, Resolver } from "./resolve.ts";
import { Scope } from "./scope.ts";
import { readSource, type Source } from "./source.ts";

/** What another thread needs so that it neither looks for files nor compiles TypeScript. Can be cloned. */
export interface CompiledSources {
  readonly sources: ReadonlyMap<string, Source>;
  readonly resolutions: Resolutions;
}

export class Modules {
  readonly #files = new Map<string, CompiledFile>();
  readonly #entries = new Map<string, Link>();
  readonly #outside = new Map<string, CompiledFile>();
  readonly #given: ReadonlyMap<string, Source>;
  readonly #resolver: Resolver;
  readonly #packages = new PackageScopes();
  #globals: Globals | undefined;
  /** By the globals that instances are given. */
  readonly #scopes = new WeakMap<object, Scope>();

  readonly snapshots = new Snapshots();

  /** Maps stack traces of the code under test to its sources. */
  readonly positions = new Positions((file) => this.#files.get(file)?.source);

  constructor(given?: CompiledSources) {
    this.#given = given?.sources ?? new Map();
    this.#resolver = new Resolver(given?.resolutions);
  }

  /** Modules of their own for one process. Nothing runs until `load`. */
  instance(options: InstanceOptions): Instance {
    // Compiled functions take the globals in the order of the first instance.
    this.#globals ??= new Globals(Object.keys(options.globals));
    let scope = this.#scopes.get(options.globals);
    if (scope === undefined) {
      scope = new Scope(this.#globals, options.globals);
      this.#scopes.set(options.globals, scope);
    }
    return new Instance(this, scope, options);
  }

  /** All that was loaded so far, for `new Modules(...)` in another thread. */
  export(): CompiledSources {
    const sources = new Map(this.#given);
    for (const [path, file] of this.#files) sources.set(path, file.source);
    return { sources, resolutions: this.#resolver.known() };
  }

  /** The file that the caller names. Throws a load failure. */
  entry(file: string | URL): Link {
    const name = String(file);
    let link = this.#entries.get(name);
    if (link === undefined) {
      const path = name.startsWith("file:") ? fileURLToPath(name) : name;
      const real = this.#given.has(path) ? path : realPath(path);
      link = { file: this.#file(real), key: real };
      this.#entries.set(name, link);
    }
    return link;
  }

  /** Where a specifier in a file leads. Throws a load failure. */
  link(from: CompiledFile, kind: Kind, specifier: string): Link {
    const links = from.links[kind];
    let link = links.get(specifier);
    if (link === undefined) {
      const resolved = this.#resolver.resolve(specifier, from.source.file, kind);
      link = resolved.file === undefined ? resolved : { file: this.#file(resolved.file), key: resolved.key };
      links.set(specifier, link);
    }
    return link;
  }

  /** `require.resolve`. */
  pathOf(from: CompiledFile, specifier: string): string {
    const resolved = this.#resolver.resolve(specifier, from.source.file, "require");
    return resolved.file ?? specifier;
  }

  /** `import.meta.resolve`: a relative file need not be there. */
  urlOf(from: CompiledFile, specifier: string): string {
    if (/^(\.{0,2}\/|file:)/.test(specifier)) return new URL(specifier, from.url).href;
    const resolved = this.#resolver.resolve(specifier, from.source.file, "import");
    if (resolved.file === undefined) return `node:${resolved.builtin}`;
    return pathToFileURL(resolved.file).href + resolved.key.slice(resolved.file.length);
  }

  /** A path from which something is required, and which need not be there: `createRequire`. */
  outside(path: string): CompiledFile {
    let file = this.#outside.get(path);
    if (file === undefined) {
      file = new CompiledFile({ file: path, format: "cjs", code: "" });
      this.#outside.set(path, file);
    }
    return file;
  }

  #file(path: string): CompiledFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new CompiledFile(this.#given.get(path) ?? readSource(path, this.#packages.typeOf(path)));
      this.#files.set(path, file);
    }
    return file;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw loadFailure({
      code: "MODULE_NOT_FOUND",
      message: `Cannot find the file ${path}`,
      hint: "Check the path.",
      cause: error,
    });
  }
}

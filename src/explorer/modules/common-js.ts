// The objects that CommonJS code gets: `module` and `require`.

import { createRequire } from "node:module";
import { dirname } from "node:path";

/** What a module needs of the instance that it belongs to. */
export interface Requiring {
  (specifier: string): unknown;
  resolve(specifier: string, options?: { paths?: string[] }): string;
  main: CommonJsModule | undefined;
  cache: Record<string, CommonJsModule | undefined>;
  extensions: Record<string, unknown>;
}

/** `module` in CommonJS code. */
export class CommonJsModule {
  readonly id: string;
  readonly filename: string;
  exports: unknown = {};
  loaded = false;
  readonly children: CommonJsModule[] = [];
  readonly parent: CommonJsModule | undefined;
  readonly #require: () => Requiring;

  constructor(filename: string, parent: CommonJsModule | undefined, require: () => Requiring) {
    this.id = filename;
    this.filename = filename;
    this.parent = parent;
    this.#require = require;
    parent?.children.push(this);
  }

  get path(): string {
    return dirname(this.filename);
  }

  get paths(): string[] {
    return createRequire(this.filename).resolve.paths("x") ?? [];
  }

  require(specifier: string): unknown {
    return this.#require()(specifier);
  }
}

/** As in Node, each is the same object for all modules; nothing here looks at it. */
const EXTENSIONS: Record<string, unknown> = Object.freeze({ ".js": undefined, ".json": undefined, ".node": undefined });

export function makeRequire(
  load: (specifier: string) => unknown,
  resolve: (specifier: string) => string,
  from: string,
  cache: Record<string, CommonJsModule | undefined>,
  main: CommonJsModule | undefined,
): Requiring {
  const require = load as Requiring;
  require.resolve = Object.assign(
    (specifier: string, options?: { paths?: string[] }) =>
      options?.paths === undefined ? resolve(specifier) : createRequire(from).resolve(specifier, options),
    { paths: (specifier: string) => createRequire(from).resolve.paths(specifier) },
  );
  require.main = main;
  require.cache = cache;
  require.extensions = EXTENSIONS;
  return require;
}

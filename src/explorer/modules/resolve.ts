// From a specifier to a file or a builtin, as Node does it.

import { existsSync, statSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { moduleResolve } from "import-meta-resolve";
import { loadFailure } from "./load-failure.ts";
import { OWN_EXPLORER, OWN_FOLDER } from "./package-scope.ts";

/** Who asks: an `import`, or a `require`. Packages may answer each with another file. */
export type Kind = "import" | "require";

/** `key` tells modules apart that are made of one file: `./x.js?1` and `./x.js?2`. */
export type Resolved =
  | { readonly builtin: string; readonly file?: undefined }
  | { readonly builtin?: undefined; readonly file: string; readonly key: string };

/** What a worker takes over so that it need not look again. */
export type Resolutions = ReadonlyMap<string, Resolved>;

export const EXPLORER = "holdfast/explorer";

const IMPORT_CONDITIONS = new Set(["node", "import", "module-sync", "node-addons"]);

/** TypeScript's own rule: `./x.js` may be written for what is `./x.ts` on disk. */
const TYPED: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
  ".jsx": [".tsx"],
};

export class Resolver {
  readonly #known: Map<string, Resolved>;

  constructor(known: Resolutions = new Map()) {
    this.#known = new Map(known);
  }

  /** Throws a load failure that names the specifier and the importer. */
  resolve(specifier: string, importer: string, kind: Kind): Resolved {
    const question = `${kind}\n${importer}\n${specifier}`;
    let resolved = this.#known.get(question);
    if (resolved === undefined) {
      resolved = resolve(specifier, importer, kind);
      this.#known.set(question, resolved);
    }
    return resolved;
  }

  known(): Resolutions {
    return this.#known;
  }
}

function resolve(specifier: string, importer: string, kind: Kind): Resolved {
  if (specifier === EXPLORER) return { builtin: EXPLORER };
  if (isBuiltin(specifier)) return { builtin: specifier.replace(/^node:/, "") };
  if (specifier.startsWith("node:")) {
    throw loadFailure({
      code: "ERR_UNKNOWN_BUILTIN_MODULE",
      message: `No such built-in module: ${specifier}, ${asked(kind)} by ${importer}`,
      hint: "Check the name; it may belong to another version of Node.",
    });
  }
  const resolved = kind === "import" ? byImport(specifier, importer) : byRequire(specifier, importer);
  return resolved.file === OWN_EXPLORER ? { builtin: EXPLORER } : resolved;
}

function byImport(specifier: string, importer: string): Resolved {
  let url: URL;
  try {
    url = moduleResolve(specifier, pathToFileURL(importer), IMPORT_CONDITIONS);
  } catch (error) {
    const other = typedFile(specifier, importer) ?? ownFile(specifier);
    if (other !== undefined) return { file: other, key: other };
    throw notFound(specifier, importer, "import", error);
  }
  if (url.protocol === "node:") return { builtin: url.pathname };
  if (url.protocol !== "file:") {
    throw loadFailure({
      code: "ERR_UNSUPPORTED_ESM_URL_SCHEME",
      message: `Cannot load ${specifier}, imported by ${importer}: only files and packages can be loaded`,
      hint: "Put the code in a file and import that.",
    });
  }
  const file = fileURLToPath(url);
  return { file, key: file + url.search + url.hash };
}

function byRequire(specifier: string, importer: string): Resolved {
  try {
    const file = createRequire(importer).resolve(specifier);
    return { file, key: file };
  } catch (error) {
    const file = typedFile(specifier, importer) ?? ownFile(specifier);
    if (file !== undefined) return { file, key: file };
    throw notFound(specifier, importer, "require", error);
  }
}

/** Sources that are written to be compiled name what will be there, or no extension at all. */
function typedFile(specifier: string, importer: string): string | undefined {
  if (!/\.[cm]?tsx?$/.test(importer) || !/^\.{0,2}\//.test(specifier)) return undefined;
  const path = fileURLToPath(new URL(specifier, pathToFileURL(importer)));
  const extension = extname(path);
  const bare = path.slice(0, path.length - extension.length);
  const candidates = (TYPED[extension] ?? []).map((typed) => bare + typed);
  candidates.push(`${path}.ts`, `${path}.tsx`, `${path}.js`, join(path, "index.ts"), join(path, "index.js"));
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}

/** `holdfast` where it is not installed: a scenario may lie anywhere. */
function ownFile(specifier: string): string | undefined {
  if (specifier !== "holdfast" && !specifier.startsWith("holdfast/")) return undefined;
  try {
    return fileURLToPath(moduleResolve(specifier, pathToFileURL(join(OWN_FOLDER, "x.js")), IMPORT_CONDITIONS));
  } catch {
    return undefined;
  }
}

function notFound(specifier: string, importer: string, kind: Kind, cause: unknown): Error {
  const fallback = kind === "import" ? "ERR_MODULE_NOT_FOUND" : "MODULE_NOT_FOUND";
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : fallback;
  const missing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  const why = missing || !(cause instanceof Error) ? "" : `: ${cause.message}`;
  return loadFailure({
    code,
    message: `Cannot find module '${specifier}', ${asked(kind)} by ${importer}${why}`,
    hint: /^[./]/.test(specifier)
      ? "Check the path; an import needs the file's extension."
      : `Install the package where ${importer} can find it, or check its name.`,
    cause,
  });
}

function asked(kind: Kind): string {
  return kind === "import" ? "imported" : "required";
}

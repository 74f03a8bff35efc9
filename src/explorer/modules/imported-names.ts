// Which names a module imports from where. Node refuses a name that is not exported before anything runs; compiled
// code would find it undefined, much later.

import type { Source } from "./source.ts";

/** `import { a } from "x"`, as esbuild has it; what is imported as a whole keeps the name that it has in the source. */
const IMPORT = /^var (import_[\w$]+) = (?:__toESM\()?require\((".*?")\)/gm;
const USE = /(?<![\w$.])(import_[\w$]+)\.([\w$]+)/g;

/** What is exported again. In TypeScript it may be a type, which is known only to the file that declares it. */
const EXPORTED_AGAIN = /^__export\([\s\S]*?\n\}\);\n/m;

/** By specifier. Names in quotes (`import { "a b" as c }`) are not among them. */
export function importedNames({ file, code }: Source): ReadonlyMap<string, readonly string[]> {
  const specifiers = new Map<string, string>();
  for (const [, variable = "", specifier = ""] of code.matchAll(IMPORT)) specifiers.set(variable, specifier);
  const used = /\.[cm]?tsx?$/.test(file) ? code.replace(EXPORTED_AGAIN, "") : code;
  const names = new Map<string, string[]>();
  for (const [, variable = "", name = ""] of used.matchAll(USE)) {
    const quoted = specifiers.get(variable);
    if (quoted === undefined) continue;
    const specifier: string = JSON.parse(quoted);
    const known = names.get(specifier) ?? [];
    if (!known.includes(name)) known.push(name);
    names.set(specifier, known);
  }
  return names;
}

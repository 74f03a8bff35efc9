// What `npm pack` calls before and after it: the tarball has what was built from the sources, the checkout the sources.
// docs/decisions/0008-package.md says why.
//
//   pack.ts built      before: builds dist/, and lets package.json export from there
//   pack.ts sources    after: as it was
//
// Each is done from whatever the other, or a kill in the middle of it, has left.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

type Exports = Readonly<Record<string, string>>;

/** `./src/NAME.ts` as `./dist/NAME.js`; what is neither stays. */
export function builtExports(exports: Exports): Exports {
  return mapped(exports, /^\.\/src\/(.+)\.ts$/, "./dist/$1.js");
}

/** The other way round. */
export function sourceExports(exports: Exports): Exports {
  return mapped(exports, /^\.\/dist\/(.+)\.js$/, "./src/$1.ts");
}

function mapped(exports: Exports, from: RegExp, to: string): Exports {
  return Object.fromEntries(Object.entries(exports).map(([name, file]) => [name, file.replace(from, to)]));
}

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(PROJECT, "dist");

function build(): void {
  rmSync(DIST, { recursive: true, force: true });
  const tsc = join(PROJECT, "node_modules/.bin/tsc");
  // stdout belongs to npm: it may be asked for JSON.
  const done = spawnSync(process.execPath, [tsc, "-p", join(PROJECT, "tsconfig.build.json")], {
    stdio: ["ignore", 2, 2],
  });
  if (done.status !== 0) throw new Error("dist/ could not be built; what is wrong is told above");
}

function rewrite(change: (exports: Exports) => Exports): void {
  const file = join(PROJECT, "package.json");
  const text = readFileSync(file, "utf8");
  const manifest = JSON.parse(text) as { exports: Exports };
  const changed = `${JSON.stringify({ ...manifest, exports: change(manifest.exports) }, null, 2)}\n`;
  if (changed !== text) writeFileSync(file, changed);
}

if (import.meta.main) {
  if (process.argv[2] === "built") {
    build();
    rewrite(builtExports);
  } else if (process.argv[2] === "sources") {
    rewrite(sourceExports);
    rmSync(DIST, { recursive: true, force: true });
  } else {
    console.error("usage: pack.ts built|sources; `npm pack` calls both");
    process.exitCode = 2;
  }
}

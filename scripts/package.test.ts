// The package as a program beside it sees it: a link in node_modules to this checkout.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const { exports } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
  exports: Record<string, string>;
};

for (const [subpath, file] of Object.entries(exports)) {
  const name = `holdfast${subpath.slice(1)}`;
  test(`import "${name}" works from a folder that links to this checkout`, (t) => {
    if (!existsSync(join(project, file))) {
      t.skip(`${file} is not written yet`);
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), "holdfast-"));
    try {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(project, join(folder, "node_modules/holdfast"));
      const attribute = file.endsWith(".json") ? ' with { type: "json" }' : "";
      writeFileSync(
        join(folder, "use.mjs"),
        `import * as it from "${name}"${attribute}; console.log(Object.keys(it).length > 0);`,
      );
      const run = spawnSync(process.execPath, [join(folder, "use.mjs")], { encoding: "utf8" });
      assert.equal(run.stdout, "true\n", run.stderr);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

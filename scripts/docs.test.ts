// What README.md and docs/ show is there, and every page is listed. Their commands are run by docs-run.slow.test.ts.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { blocksOf, commandsOf, faultsOf, PROJECT, packageScripts, pagesOfProject, runBlocks } from "./docs-commands.ts";

const pages = pagesOfProject();

for (const page of pages) {
  test(`the commands of ${page} are there, or say why they are not run`, () => {
    assert.deepEqual(faultsOf(commandsOf(page), packageScripts()), []);
  });

  test(`the links of ${page} lead somewhere`, () => {
    const text = readFileSync(join(PROJECT, page), "utf8");
    const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1] ?? "");
    const broken = targets.filter((target) => !existsSync(join(PROJECT, dirname(page), target)));
    assert.deepEqual(broken, []);
  });
}

test("docs/index.md lists every page", () => {
  const index = readFileSync(join(PROJECT, "docs/index.md"), "utf8");
  const missing = pages
    .filter((page) => page.startsWith("docs/") && page !== "docs/index.md")
    .filter((page) => !index.includes(`(${page.slice("docs/".length)})`));
  assert.deepEqual(missing, []);
});

test("blocks are found with their lines; those of other languages and no-run ones are told apart", () => {
  const page = [
    "text",
    "```ts",
    "code",
    "```",
    "```sh",
    "a",
    "b",
    "```",
    "```sh no-run needs two machines",
    "c",
    "```",
  ];
  assert.deepEqual(blocksOf(page.join("\n")), [
    { line: 6, commands: "a\nb", noRun: undefined },
    { line: 10, commands: "c", noRun: "needs two machines" },
  ]);
});

test("a no-run without a reason and an npm script that does not exist are faults; a failing command is told", () => {
  const blocks = blocksOf("```sh no-run\nx\n```\n```sh\nnpm run nonsense\nnpm test\n```");
  assert.deepEqual(faultsOf(blocks, { test: "..." }), [
    "line 2: no-run needs a reason",
    'line 5: package.json has no script "nonsense"',
  ]);
  assert.match(runBlocks(blocksOf("```sh\necho before\nfalse\necho after\n```")) ?? "", /^exit 1\n.*before\n\n/s);
  assert.equal(runBlocks(blocksOf('```sh\ncd "$HOME" && test -z "$(ls)"\nnpm test\n```')), undefined);
});

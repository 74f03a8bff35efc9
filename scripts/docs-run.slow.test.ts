// Every command that README.md and docs/ show is run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { commandsOf, pagesOfProject, runBlocks } from "./docs-commands.ts";

for (const page of pagesOfProject()) {
  test(`the commands of ${page} work`, () => {
    assert.equal(runBlocks(commandsOf(page)), undefined);
  });
}

// mkdirp 3.0.1: makes a folder and all above it.
//
// Its page promises that it is `mkdir -p`: what is there already is no error.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { race } from "holdfast/explorer";
import { mkdirp } from "mkdirp";

/** Two processes make folders that have their parents in common. */
export const commonParents = race({
  processes: { a: () => mkdirp("/new/both/a"), b: () => mkdirp("/new/both/b") },
  check: () => assert.ok(existsSync("/new/both/a") && existsSync("/new/both/b")),
});

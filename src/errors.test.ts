import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { HoldfastError, assert as holdsTrue, isHoldfastError, NotFoundError, toHoldfastError } from "./errors.ts";

function codesOfSource(): string[] {
  const source = readFileSync(new URL("./errors.ts", import.meta.url), "utf8");
  const union = /export type ErrorCode =([^;]*);/.exec(source)?.[1] ?? "";
  return [...union.matchAll(/"([A-Z_]+)"/g)].map((match) => match[1] ?? "");
}

function rowsOfPage(): string[][] {
  const page = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  return page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
}

test("docs/errors.md lists every code once, says when it occurs and what to do, and lists no other", () => {
  const rows = rowsOfPage();
  const listed = rows.map((row) => row[1]?.replaceAll("`", "") ?? "");
  assert.ok(listed.length > 40);
  assert.deepEqual([...listed].sort(), [...codesOfSource()].sort());
  for (const [, code, when, cure] of rows) assert.ok(when && cure, `${code} lacks a cell`);
});

test("system errors that a person can cure get a code of their own; all others are INTERNAL with their cause", () => {
  const system = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });
  assert.equal(toHoldfastError(system("ENOSPC")).code, "DISK_FULL");
  assert.equal(toHoldfastError(system("EMFILE")).code, "TOO_MANY_OPEN_FILES");
  assert.equal(toHoldfastError(system("EIO")).code, "DISK_ERROR");
  assert.equal(toHoldfastError(system("ENOTDIR")).code, "NOT_A_FOLDER");
  const odd = system("EWEIRD");
  assert.equal(toHoldfastError(odd).code, "INTERNAL");
  assert.equal(toHoldfastError(odd).cause, odd);
  assert.equal(toHoldfastError("text").message, "text");
  const ours = new NotFoundError("no such thing");
  assert.equal(toHoldfastError(ours), ours);
});

test("failures of SQLite say which file, and get the code of what they come from", () => {
  const failure = (errcode: number): Error =>
    Object.assign(new Error("it failed"), { code: "ERR_SQLITE_ERROR", errcode });
  const known = {
    5: "LOCK_TIMEOUT",
    11: "CORRUPT",
    13: "DISK_FULL",
    778: "DISK_FULL",
    4874: "DISK_FULL",
    1034: "DISK_ERROR",
  };
  for (const [errcode, code] of Object.entries(known)) {
    const error = toHoldfastError(failure(Number(errcode)), "/w/catalog.db");
    assert.deepEqual([error.code, error.details], [code, { path: "/w/catalog.db" }], errcode);
    assert.match(error.message, /catalog\.db/);
  }
  // What cannot be opened is looked into: here, a folder where a file should be.
  const folder = mkdtempSync(join(tmpdir(), "holdfast-errors-"));
  try {
    assert.throws(
      () => new DatabaseSync(folder),
      (thrown) => toHoldfastError(thrown, folder).message.includes("EISDIR"),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("errors are told apart by code, and a broken invariant stops the work", () => {
  const error = new HoldfastError("LOCK_LOST", "gone");
  assert.equal(isHoldfastError(error, "LOCK_LOST"), true);
  assert.equal(isHoldfastError(error, "NOT_FOUND"), false);
  assert.equal(isHoldfastError(new Error("gone")), false);
  assert.throws(
    () => holdsTrue(false, "one is two"),
    (thrown) => isHoldfastError(thrown, "INTERNAL") && thrown.message.includes("one is two"),
  );
});

// Whatever a program named its files: one line, the columns it says, and nothing that steers a terminal.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { columnsOf, padded, printable, printableLines, shortened, wrapped } from "./printable.ts";
import { anyText } from "./testing/any-trace.ts";

const STEERS = /[\u0000-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/;

test("what could steer a terminal is written out", () => {
  assert.equal(printable("a\nb\u001b[31m\u202e\ud800/ü漢"), "a\\nb\\u{1b}[31m\\u{202e}\\u{d800}/ü漢");
  assert.deepEqual(printableLines("\u001b[31mred\u001b[0m\r\n\tindented\u0007\n\n"), ["red", "  indented\\u{7}"]);
});

test("wide characters take two columns, marks none", () => {
  assert.equal(columnsOf("abc"), 3);
  assert.equal(columnsOf("漢字"), 4);
  assert.equal(columnsOf("e\u0301"), 1);
  assert.equal(columnsOf("🙂"), 2);
  assert.equal(padded("漢", 4), "漢  ");
});

test("a long text keeps its beginning and its end", () => {
  assert.equal(shortened("/home/me/project/file.txt", 11), "/home…e.txt");
  assert.equal(shortened("short", 5), "short");
  assert.equal(shortened("漢字漢字", 4), "…字");
});

test("any text fits where it is put, and steers nothing", () => {
  fc.assert(
    fc.property(anyText(30), fc.integer({ min: 8, max: 50 }), (text, columns) => {
      const shown = printable(text);
      assert.ok(!STEERS.test(shown) && shown.isWellFormed());
      assert.ok(columnsOf(shortened(shown, columns)) <= columns);
      const pieces = wrapped(shown, columns);
      assert.ok(pieces.every((piece) => columnsOf(piece) <= columns));
      assert.equal(pieces.join("").replaceAll(" ", ""), shown.replaceAll(" ", ""), "nothing is lost in wrapping");
    }),
  );
});

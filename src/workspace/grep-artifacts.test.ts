// `data grep`: the same words, lines and order as the hub's text index gives, over the newest versions.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { matchAll, queryWords } from "../hub/text-lines.ts";
import { TemporaryStore } from "../store/testing/temporary-store.ts";
import type { Artifacts } from "./artifacts.ts";
import { SCORE_DIGITS } from "./grep-artifacts.ts";

async function lines(artifacts: Artifacts, words: string, options = {}): Promise<string[]> {
  const { matches } = await artifacts.grep(words, options);
  return matches.map(({ name, version, line, text }) => `${name} ${version}:${line} ${text}`);
}

test("grep finds lines of the newest versions, of texts only, each with its place", async () => {
  using store = new TemporaryStore();
  const artifacts = store.artifacts();
  await artifacts.put("old", "the release date\nis May");
  await artifacts.put("old", "nothing of it");
  await artifacts.put("plan", "one\r\nthe Release, dated\n\ndate of the RELEASE");
  await artifacts.put("other", "release\ndate", { collection: "more" });
  await artifacts.put("binary", Buffer.from([0, ...Buffer.from("release date")]));
  await artifacts.put("said to be text", Buffer.from([0, ...Buffer.from("release date")]), { type: "text/plain" });
  await artifacts.put("not utf-8", Buffer.from([0xff, ...Buffer.from("release date")]));
  await artifacts.put("too long", `${"release date ".repeat(400_000)}`);
  await artifacts.put("a link", "release date", { type: "inode/symlink" });
  await artifacts.put("gone", "release date");
  await artifacts.delete("gone");
  assert.deepEqual((await lines(artifacts, "release date")).sort(), [
    "other 1:1 release",
    "other 1:2 date",
    "plan 1:4 date of the RELEASE",
    "said to be text 1:1  release date",
  ]);
  assert.deepEqual(await lines(artifacts, "release date", { collection: "more", limit: 1 }), ["other 1:1 release"]);
  assert.deepEqual(await lines(artifacts, "réléase", { collection: "more" }), ["other 1:1 release"]);
  for (const nothing of ["", " . ", "absent", "release absent"]) assert.deepEqual(await lines(artifacts, nothing), []);
  await assert.rejects(artifacts.grep("x", { collection: "../x" }), { code: "BAD_NAME" });
});

test("STORE-30 grep tells what is damaged, shows nothing of it, and finds the rest", async () => {
  using store = new TemporaryStore();
  const artifacts = store.artifacts();
  for (const name of ["a", "b", "c"]) await artifacts.put(name, `word in ${name}`);
  truncateSync(store.data("data/a/1/content"), 6);
  truncateSync(store.data("data/b/1/version.json"), 6);
  const { matches, unread } = await artifacts.grep("word");
  assert.deepEqual(
    matches.map(({ text }) => text),
    ["word in c"],
  );
  assert.deepEqual(
    unread.map(({ name, reason }) => [name, reason.startsWith(store.data(`data/${name}/1/`))]),
    [
      ["a", true],
      ["b", true],
    ],
  );
});

test("grep puts texts in the order in which the text index does", async () => {
  const text = fc.array(fc.constantFrom("red", "green", "blue", "foo.bar", "foo bar", "foo", "x\n"), { maxLength: 30 });
  const query = fc.array(fc.constantFrom("red", "green", "foo.bar", "foo"), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), query, async (parts, words) => {
      using store = new TemporaryStore();
      const artifacts = store.artifacts();
      using index = new DatabaseSync(":memory:");
      index.exec("CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'unicode61')");
      for (const [n, part] of parts.entries()) {
        await artifacts.put(`${n}`, part.join(" "));
        index.prepare("INSERT INTO words (rowid, text) VALUES (?, ?)").run(n, part.join(" "));
      }
      const rows = index
        .prepare("SELECT rowid AS name, bm25(words) AS score FROM words WHERE words MATCH ? ORDER BY rowid")
        .all(matchAll(queryWords(words.join(" "))))
        .map(({ name, score }) => ({ name, score: Number(Number(score).toPrecision(SCORE_DIGITS)) }))
        .toSorted((a, b) => a.score - b.score);
      const { matches } = await artifacts.grep(words.join(" "), { limit: 1_000 });
      assert.deepEqual(
        [...new Set(matches.map(({ name }) => name))],
        rows.map(({ name }) => String(name)),
      );
    }),
    {
      numRuns: 40,
      examples: [
        // Equal by the formula (the mean is 6 words, so 1 in 2 weighs what 3 in 10 do), a last digit apart as computed.
        [
          [
            ["red", "foo.bar", "red", "red", "red", "foo.bar", "red", "red"],
            ["red"],
            ["red", "red", "foo bar", "red", "foo bar"],
            ["foo bar"],
            ["foo.bar", "red", "red", "red", "red", "foo", "foo bar", "red"],
          ],
          ["foo"],
        ],
      ],
    },
  );
});

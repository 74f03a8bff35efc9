import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isHoldfastError } from "../errors.ts";
import { checkArtifactName, checkCollection, FILES, MAX_NAME_BYTES, notesOf, topicOf } from "./names.ts";

function isAccepted(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    assert.ok(isHoldfastError(error, "BAD_NAME"), String(error));
    return false;
  }
}

test("a name is accepted exactly when it keeps the rules", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom(
      ".",
      "..",
      "...",
      "",
      "latest",
      "LaTest",
      "\0",
      "C:",
      "C:\\x",
      "\ud800",
      "é",
      "👩‍👧",
      "%2e%2e",
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join("/")),
      (name) => {
        const segments = name.split("/");
        const keepsRules =
          !segments.includes("") &&
          !segments.includes(".") &&
          !segments.includes("..") &&
          !name.includes("\0") &&
          name.isWellFormed() &&
          !/^[a-z]:[\\/]/i.test(name) &&
          Buffer.byteLength(name) <= MAX_NAME_BYTES;
        const hasLatest = segments.some((segment) => segment.toLowerCase() === "latest");
        assert.equal(
          isAccepted(() => checkArtifactName("data", name)),
          keepsRules && !hasLatest,
        );
        assert.equal(
          isAccepted(() => checkArtifactName(FILES, name)),
          keepsRules,
          "a folder may hold a file of any name",
        );
        assert.equal(
          isAccepted(() => checkCollection(name)),
          keepsRules && (!hasLatest || topicOf(name) !== undefined),
        );
        assert.equal(
          isAccepted(() => notesOf(name)),
          keepsRules,
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("1,024 bytes are accepted and one more is refused, counted in UTF-8", () => {
  assert.ok(isAccepted(() => checkArtifactName("data", "é".repeat(512))));
  assert.ok(!isAccepted(() => checkArtifactName("data", `${"é".repeat(512)}x`)));
});

test("a topic is the collection of its notes, and back", () => {
  assert.equal(topicOf(notesOf("builds/main")), "builds/main");
  assert.equal(topicOf("data"), undefined);
  assert.equal(topicOf("notes"), undefined);
});

test("the message of a refusal names what is refused and stays short", () => {
  assert.throws(
    () => checkArtifactName("data", "x".repeat(5_000)),
    (error: Error) => error.message.length < 200,
  );
  assert.throws(() => checkArtifactName("data", "a/../b"), /name "a\/\.\.\/b" is refused: it has the segment `\.\.`/);
});

test("STORE-27 the folder of a workspace's own state is no name of a file, at any depth and in any case", () => {
  for (const name of [".holdfast", ".holdfast/identity.json", "a/.holdfast/hub/own-token.json", "a/.HoldFast/x"]) {
    assert.throws(() => checkArtifactName(FILES, name), { code: "BAD_NAME" }, name);
    checkArtifactName("data", name);
  }
  for (const name of [".holdfastignore", "a/.holdfast.md", "holdfast/x"]) checkArtifactName(FILES, name);
});

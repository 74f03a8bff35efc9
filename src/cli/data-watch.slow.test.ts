// `data watch` as people run it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

test("data watch tells every put and delete of other processes, in order, and SIGINT ends it with 0", async () => {
  using folder = new TestFolder();
  const data = ["-C", folder.path, "data"];
  await holdfastJson(["init", folder.path]);
  await using watch = new Running([...data, "watch", "--prefix", "a"]);
  await watch.until(() => watch.stderr.includes("watching"), "that it watches");
  await holdfastJson([...data, "put", "a\u001b[31m"], { input: "one" });
  await holdfastJson([...data, "put", "b"], { input: "one" });
  for (const input of ["one", "two", "three"]) await holdfastJson([...data, "put", "a"], { input });
  await holdfastJson([...data, "delete", "a", "--version", "2"]);
  await holdfastJson([...data, "delete", "a"]);
  await watch.until(() => watch.stdout.includes("versions 1, 3"), "the last delete");
  const { code, stdout } = await watch.end("SIGINT");
  assert.equal(code, 0);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/^[-0-9T:.]+Z /, "")),
    [
      "put data a?[31m version 1, 3 B",
      "put data a version 1, 3 B",
      "put data a version 2, 3 B",
      "put data a version 3, 5 B",
      "delete data a version 2",
      "delete data a versions 1, 3",
    ],
  );
});

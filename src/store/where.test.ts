// `data list --where`: what an expression finds, what it may not do, and how it is refused.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { isHoldfastError } from "../errors.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

const store = new TemporaryStore();
after(() => store[Symbol.dispose]());
const artifacts = store.artifacts();
await artifacts.put("long", "x".repeat(2_000), { tags: { kind: "report", n: "12" }, type: "text/plain" });
await artifacts.put("short", "x", { tags: { kind: "report", owner: "ann" } });
await artifacts.put("plain", "x".repeat(3_000), { collection: "other" });
await artifacts.put("plain", "x".repeat(3_000), { collection: "other", tags: { constructor: "yes" } });
await artifacts.put("brief", "x", { tags: { kind: "report" } });

async function found(where: string): Promise<string> {
  return (await artifacts.list({ where })).artifacts.map(({ name }) => name).join(" ");
}

const HOLDS: Readonly<Record<string, string>> = {
  'tags.kind == "report" && size > 1000': "long",
  "size > 1000": "long plain",
  "size == 2000": "long",
  "size > 1999.5 && size < 2000.5": "long",
  "version == 2": "plain",
  'collection == "other"': "plain",
  'name.startsWith("sh") || name.endsWith("ng")': "long short",
  "has(tags.kind)": "brief long short",
  "!has(tags.kind)": "plain",
  'tags.kind != "report"': "",
  'tags.none == "x"': "",
  '!(tags.none == "x")': "",
  'tags.none == "x" || size == 1': "brief short",
  '"kind" in tags': "brief long short",
  'tags["kind"] == "report" && int(tags.n) > 10': "long",
  'owner == "ann"': "short",
  'owner != null && owner.startsWith("a")': "short",
  "owner == null": "brief long plain",
  'type == "text/plain"': "long",
  'type.startsWith("application/") && type(size) == int': "brief short plain",
  'createdAt > timestamp("2020-01-01T00:00:00Z")': "brief long short plain",
  'createdAt < timestamp("2020-01-01T00:00:00Z")': "",
  "size(name) == 4": "long",
  "hash.size() == 64": "brief long short plain",
  "has(tags.constructor)": "plain",
  "has(tags.__proto__) || has(tags.toString)": "",
  "1 / (size - 1) > 0": "",
  'name.matches("^l.n")': "long",
};

const REFUSED: Readonly<Record<string, RegExp>> = {
  "": /./,
  "size >": /Unexpected token.*at character 7/,
  'size > "a"': /at character 1\)/,
  "nothing == 1": /Unknown variable: nothing \(at character 1\)/,
  size: /gives int, not true or false/,
  '"yes"': /gives string/,
  "dyn(size)": /does not give true or false/,
  'createdAt > "2026"': /no such overload/,
  "process.exit(1)": /Unknown variable/,
  'name.constructor("return process")()': /./,
  [`${"(".repeat(5_000)}true${")".repeat(5_000)}`]: /./,
  ["size == 1 ||".repeat(1_000)]: /longer than/,
  [`size in [${"1,".repeat(600)}1]`]: /./,
};

describe("data list --where", () => {
  for (const [where, names] of Object.entries(HOLDS)) {
    test(`${where}: ${names === "" ? "none" : names}`, async () => {
      assert.equal(await found(where), names);
    });
  }

  for (const [where, message] of Object.entries(REFUSED)) {
    test(`${where.slice(0, 40)} is refused`, async () => {
      await assert.rejects(found(where), (error) => {
        assert.ok(isHoldfastError(error, "BAD_OPTION"), String(error));
        assert.match(error.message, message);
        assert.match(error.hint ?? "", /CEL over collection, name/);
        return true;
      });
    });
  }

  for (const [what, where] of Object.entries({
    "a pattern that goes back without end":
      'name.matches("^(l|o|n|g|lo|on|ng|(.*)*)*$X") || "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("^(a+)+$")',
    "lists within lists": ["a", "b", "c", "d", "e"].reduce(
      (inner, each) => `[${"1,".repeat(99)}1].all(${each}, ${inner})`,
      "true",
    ),
  })) {
    test(`${what} is ended when its time is up`, async () => {
      const startedMs = performance.now();
      await assert.rejects(found(where), /takes too long/);
      assert.ok(performance.now() - startedMs < 20_000);
    });
  }

  test("from the SDK only a text is taken", async () => {
    await assert.rejects(artifacts.list({ where: 7 as unknown as string }), { code: "BAD_OPTION" });
  });
});

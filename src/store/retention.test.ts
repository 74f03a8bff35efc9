// Which versions a retention lets go.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Aged, expired, keptRetention, retentionOf, retentionTags } from "./retention.ts";

const aged = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 1_000 })), {
    selector: ([n]) => n,
    minLength: 1,
  })
  .map((all): Aged[] =>
    all.map(([version, savedAtMs]) => ({ version, savedAtMs })).sort((a, b) => a.version - b.version),
  );
const rules = fc.record({ keep: fc.integer({ min: 1, max: 20 }), maxAgeMs: fc.nat(1_200) }, { requiredKeys: [] });

test("STORE-29 a version goes only if every rule says so, and never the newest", () => {
  fc.assert(
    fc.property(aged, rules, fc.nat(2_000), (versions, rule, now) => {
      const gone = expired(versions, rule, now);
      assert.ok(!gone.includes(versions.at(-1)?.version ?? 0));
      for (const [index, { version, savedAtMs }] of versions.entries()) {
        const isLast = index === versions.length - 1;
        const isAmongNewest = rule.keep !== undefined && index >= versions.length - rule.keep;
        const isYoung = rule.maxAgeMs !== undefined && now - savedAtMs <= rule.maxAgeMs;
        assert.equal(gone.includes(version), !isLast && !isAmongNewest && !isYoung, `version ${version}`);
      }
    }),
  );
});

test("retention is said in tags: what a version does not say stays, and what cannot be meant is refused", () => {
  const tags = retentionTags({ owner: "ann" }, { keep: 3, maxAge: "7d" });
  assert.deepEqual(tags, { owner: "ann", "retention.keep": "3", "retention.maxAge": "7d" });
  assert.deepEqual(retentionOf(tags ?? {}), { keep: 3, maxAgeMs: 7 * 86_400_000 });
  assert.deepEqual(keptRetention({ kind: "x" }, tags), { kind: "x", "retention.keep": "3", "retention.maxAge": "7d" });
  const ended = keptRetention(retentionTags({}, { keep: "all" }) ?? {}, tags);
  assert.deepEqual(retentionOf(ended), { maxAgeMs: 7 * 86_400_000 });
  assert.equal(retentionTags(undefined, {}), undefined);
  for (const keep of [0, -1, 1.5, Number.NaN, "", "3 ", "all of them", 1e12]) {
    assert.throws(() => retentionTags(undefined, { keep }), { code: "BAD_OPTION" }, String(keep));
  }
  for (const maxAge of ["", "7", "d", "7 d", "-7d", "1y", "7d ", "0.5h"]) {
    assert.throws(() => retentionTags(undefined, { maxAge }), { code: "BAD_OPTION" }, maxAge);
  }
  assert.throws(() => retentionTags({ "retention.keep": "many" }, {}), { code: "BAD_OPTION" });
  // From elsewhere, such tags keep everything.
  assert.equal(retentionOf({ "retention.keep": "many", "retention.maxAge": "1s" }), undefined);
  assert.equal(retentionOf({ "retention.maxAge": "1y", "retention.keep": "1" }), undefined);
  assert.equal(retentionOf({ "retention.keep": "all" }), undefined);
});

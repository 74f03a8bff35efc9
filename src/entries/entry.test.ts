import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import { isHoldfastError } from "../errors.ts";
import { decodeEntry, type Entry, type EntryBody, type EntryId, makeEntry, readEntry } from "./entry.ts";
import { entryIdOf, parseEntryId } from "./entry-id.ts";
import { MAX_PARENTS, MAX_TAGS } from "./entry-wire.ts";
import { newIdentity } from "./identity.ts";

const { identity } = newIdentity();
const { identity: other } = newIdentity();

const PLAIN = { noNullPrototype: true } as const;
const id = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => entryIdOf(bytes));
const segment = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => text.replaceAll(/[/\0]/g, "_"))
  .filter((text) => text.isWellFormed() && text !== "." && text !== ".." && !/^latest$|^[a-z]:/i.test(text));
const name = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const content = fc.record(
  {
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex")),
    size: count,
    type: fc.string({ maxLength: 40 }).filter((text) => text.isWellFormed()),
  },
  PLAIN,
);
const tag = fc.string({ minLength: 1, maxLength: 10 }).filter((text) => text.isWellFormed() && text !== "__proto__");

const body: fc.Arbitrary<EntryBody> = fc
  .record({
    kind: fc.constantFrom("put" as const, "delete" as const, "rename" as const),
    collection: name,
    name,
    from: name,
    content,
    parents: fc.array(id, { maxLength: 4 }),
    clock: fc.record({ wallMs: count, counter: count }, PLAIN),
    tags: fc.dictionary(tag, tag, { maxKeys: 5, noNullPrototype: true }),
    key: fc.record({ writer: tag, n: count }, PLAIN),
    doc: fc.option(fc.option(id), { nil: undefined }),
    base: fc.option(fc.option(id), { nil: undefined }),
    mode: fc.option(fc.constant(0o755), { nil: undefined }),
  })
  .map(({ kind, from, content, doc, base, mode, ...rest }) => ({
    ...rest,
    kind,
    content: kind === "delete" ? null : content,
    ...(kind === "rename" ? { from } : {}),
    ...(doc === undefined ? {} : { doc }),
    ...(base === undefined ? {} : { base }),
    ...(mode === undefined ? {} : { mode }),
  }));

function sample(overrides: Partial<EntryBody> = {}): EntryBody {
  return {
    collection: "data",
    name: "a",
    kind: "put",
    content: { hash: "0".repeat(64), size: 0, type: "text/plain" },
    parents: [],
    clock: { wallMs: 1, counter: 0 },
    tags: {},
    key: { writer: "w", n: 1 },
    ...overrides,
  };
}

function facts({ block, ...entry }: Entry): object {
  return entry;
}

test("an id is the CIDv1 that the reference library makes of the same block", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (block) => {
      const digest = Digest.create(0x12, new Uint8Array(createHash("sha256").update(block).digest()));
      assert.equal(entryIdOf(block), CID.createV1(0x71, digest).toString());
    }),
  );
});

test("what is made is what is read back", () => {
  fc.assert(
    fc.property(body, (written) => {
      const made = makeEntry(written, identity);
      const read = readEntry(Buffer.from(made.block));
      assert.deepEqual(facts(read), facts(made));
      assert.deepEqual(facts(read), { ...written, id: made.id, author: identity.author });
      assert.equal(entryIdOf(made.block), made.id);
      assert.equal(parseEntryId(made.id), made.id);
    }),
    { numRuns: 300 },
  );
});

test("one bit flipped anywhere is refused", () => {
  const flipped = (block: Uint8Array, bit: number): Buffer => {
    const copy = Buffer.from(block);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  };
  const refuses = (block: Uint8Array): boolean => {
    try {
      readEntry(block);
      return false;
    } catch (error) {
      // Some fields have rules of their own, and say so first.
      return ["BAD_ENTRY", "BAD_SIGNATURE", "BAD_NAME"].some((code) => isHoldfastError(error, code as "BAD_ENTRY"));
    }
  };
  // Every bit of one entry that has every field ...
  const full = makeEntry(
    sample({
      kind: "rename",
      from: "b",
      mode: 0o755,
      doc: entryIdOf(Buffer.of(1)),
      base: null,
      parents: [entryIdOf(Buffer.of(2))],
      tags: { owner: "ann" },
    }),
    identity,
  );
  for (let bit = 0; bit < full.block.length * 8; bit += 1) {
    assert.ok(refuses(flipped(full.block, bit)), `bit ${bit} of ${full.block.length * 8}`);
  }
  // ... and some bits of many.
  fc.assert(
    fc.property(body, fc.nat(), (written, at) => {
      const { block } = makeEntry(written, identity);
      return refuses(flipped(block, at % (block.length * 8)));
    }),
    { numRuns: 300 },
  );
});

test("ids are equal for equal content, and only then", () => {
  fc.assert(
    fc.property(body, body, (one, two) => {
      const [a, again, b] = [
        makeEntry(one, identity),
        makeEntry(structuredClone(one), identity),
        makeEntry(two, identity),
      ];
      assert.equal(a.id, again.id);
      const same = JSON.stringify(facts({ ...a, id: b.id })) === JSON.stringify(facts(b));
      assert.equal(a.id === b.id, same);
      assert.notEqual(makeEntry(one, other).id, a.id, "another author is another entry");
    }),
    { numRuns: 200 },
  );
});

test("the order of tags is no difference", () => {
  const one = makeEntry(sample({ tags: { a: "1", b: "2", cc: "3" } }), identity);
  const two = makeEntry(sample({ tags: { cc: "3", b: "2", a: "1" } }), identity);
  assert.equal(one.id, two.id);
});

test("an entry signed by somebody else than its author is refused", () => {
  const mine = makeEntry(sample({ name: "forged" }), identity);
  const theirs = makeEntry(sample({ name: "forged" }), other);
  const signature = theirs.block.subarray(theirs.block.length - 64);
  const forged = Buffer.concat([mine.block.subarray(0, mine.block.length - 64), signature]);
  assert.throws(() => readEntry(forged), { code: "BAD_SIGNATURE" });
});

test("bytes that say the same in another encoding are refused", () => {
  const { block } = makeEntry(sample(), identity);
  // Appended, cut off, and a length written in more bytes than needed.
  assert.throws(() => decodeEntry(Buffer.concat([block, Buffer.of(0)])), { code: "BAD_ENTRY" });
  assert.throws(() => decodeEntry(block.subarray(0, -1)), { code: "BAD_ENTRY" });
  assert.throws(() => decodeEntry(Buffer.alloc(0)), { code: "BAD_ENTRY" });
  const at = Buffer.from(block).indexOf("data");
  assert.ok(at > 0);
  const longer = Buffer.concat([block.subarray(0, at - 1), Buffer.of(0x78, 4), block.subarray(at)]);
  assert.throws(() => decodeEntry(longer), { code: "BAD_ENTRY" });
});

test("bodies that break a rule are refused before they are signed", () => {
  const refused: [Partial<EntryBody>, string][] = [
    [{ kind: "delete" }, "BAD_ENTRY"],
    [{ content: null }, "BAD_ENTRY"],
    [{ kind: "rename" }, "BAD_ENTRY"],
    [{ from: "b" }, "BAD_ENTRY"],
    [{ mode: 0o777 }, "BAD_ENTRY"],
    [{ name: "../a" }, "BAD_NAME"],
    [{ collection: "" }, "BAD_NAME"],
    [{ kind: "rename", from: "/a" }, "BAD_NAME"],
    [{ parents: Array.from({ length: MAX_PARENTS + 1 }, () => entryIdOf(Buffer.of(1))) }, "BAD_ENTRY"],
    [{ tags: Object.fromEntries(Array.from({ length: MAX_TAGS + 1 }, (_, n) => [`t${n}`, ""])) }, "BAD_ENTRY"],
    [{ tags: { large: "x".repeat(300_000) } }, "BAD_ENTRY"],
    [{ doc: "nonsense" as EntryId }, "BAD_ENTRY"],
  ];
  for (const [overrides, code] of refused) {
    assert.throws(() => makeEntry(sample(overrides), identity), { code }, JSON.stringify(overrides).slice(0, 80));
  }
});

test("only the one canonical spelling of an id is an id", () => {
  const { id: canonical } = makeEntry(sample(), identity);
  assert.match(canonical, /^bafyrei[a-z2-7]{52}$/);
  for (const text of [
    "",
    "bafyrei",
    canonical.slice(0, -1),
    `${canonical}a`,
    "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWNeKos",
  ]) {
    assert.throws(() => parseEntryId(text), { code: "BAD_ENTRY" }, text);
  }
});

test("a tag or a type that is not text is refused when the entry is made, not when it is read", () => {
  const { identity } = newIdentity();
  const body = {
    collection: "data",
    name: "a",
    kind: "put" as const,
    content: { hash: "ab".repeat(32), size: 1, type: "text/plain" },
    parents: [],
    clock: { wallMs: 1, counter: 0 },
    key: { writer: "w", n: 1 },
  };
  const tags = { k: 1 } as unknown as Record<string, string>;
  assert.throws(() => makeEntry({ ...body, tags }, identity), { code: "BAD_ENTRY" });
  const type = 5 as unknown as string;
  assert.throws(() => makeEntry({ ...body, tags: {}, content: { ...body.content, type } }, identity), {
    code: "BAD_ENTRY",
  });
});

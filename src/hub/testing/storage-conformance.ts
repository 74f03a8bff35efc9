// The suite that every hub storage passes (HUB-29). A new storage runs it with a factory of its own; see
// ../sqlite-storage.test.ts.

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Entry, EntryId } from "../../entries/index.ts";
import type { AppendOutcome, Batch, HubStorage } from "../storage.ts";
import { SampleAuthor, type Written } from "./sample-author.ts";
import { until } from "./wait-until.ts";

/** One place where a storage lives; opened, closed and opened again. */
export interface StoragePlace {
  open(): Promise<HubStorage>;
}

export function batchOf(written: readonly Written[]): Batch {
  const contents = new Map<string, Uint8Array>();
  for (const { content } of written) if (content !== undefined) contents.set(hash("sha256", content), content);
  return { entries: written.map(({ entry }) => entry), contents };
}

export function storageConformance(name: string, makePlace: () => Promise<StoragePlace>): void {
  const withStorage = (title: string, body: (storage: HubStorage, place: StoragePlace) => Promise<void>): void => {
    test(`${title} [${name}]`, async () => {
      const place = await makePlace();
      const storage = await place.open();
      try {
        await body(storage, place);
      } finally {
        await storage.close();
      }
    });
  };
  const append = async (storage: HubStorage, ...written: Written[]): Promise<AppendOutcome> => {
    const [outcome] = await storage.entries.append([batchOf(written)]);
    assert.ok(outcome);
    return outcome;
  };
  const accepted = async (storage: HubStorage, ...written: Written[]): Promise<number[]> => {
    const outcome = await append(storage, ...written);
    assert.equal(outcome.outcome, "appended", JSON.stringify(outcome));
    return outcome.outcome === "appended" ? outcome.results.map(({ sequence }) => sequence) : [];
  };
  const conflicts = async (storage: HubStorage, ...written: Written[]): Promise<[number, string, string | null][]> => {
    const before = await everything(storage);
    const outcome = await append(storage, ...written);
    assert.ok(outcome.outcome === "conflicts", JSON.stringify(outcome));
    assert.deepEqual(await everything(storage), before, "a refused batch leaves no trace");
    return outcome.conflicts.map(({ index, reason, current }) => [index, reason, current?.entry ?? null]);
  };

  describe(`hub storage: ${name}`, () => {
    withStorage(
      "HUB-16 sequences are 1..n in order, over groups of batches and a reopening",
      async (storage, place) => {
        const ann = new SampleAuthor("ann");
        const groups = [1, 7, 3].map((size) =>
          Array.from({ length: size }, () => batchOf([ann.note("t", "x"), ann.note("t", "y")])),
        );
        const seen: number[] = [];
        for (const group of groups) {
          for (const outcome of await storage.entries.append(group)) {
            assert.ok(outcome.outcome === "appended");
            seen.push(...outcome.results.map(({ sequence }) => sequence));
          }
        }
        assert.deepEqual(
          seen,
          Array.from({ length: 22 }, (_, index) => index + 1),
        );
        await storage.close();
        const again = await place.open();
        assert.equal(await again.entries.head(), 22);
        assert.equal(again.epoch, storage.epoch);
        assert.deepEqual(await accepted(again, ann.note("t", "z")), [23]);
        await again.close();
      },
    );

    withStorage(
      "HUB-20 a key keeps its first sequence: in one batch, in one group, later, after a reopening",
      async (storage, place) => {
        const ann = new SampleAuthor("ann");
        const first = ann.note("t", "first");
        const other = ann.note("t", "other words, same key", { key: first.entry.key });
        assert.deepEqual(await accepted(storage, first, other, ann.note("t", "next")), [1, 1, 2]);
        const group = await storage.entries.append([
          batchOf([first]),
          batchOf([other]),
          batchOf([ann.note("t", "3rd")]),
        ]);
        assert.deepEqual(
          group.map((outcome) => (outcome.outcome === "appended" ? outcome.results : [])),
          [
            [{ id: first.entry.id, sequence: 1, repeated: true }],
            [{ id: first.entry.id, sequence: 1, repeated: true }],
            [{ id: (await everything(storage)).at(-1), sequence: 3, repeated: false }],
          ],
        );
        await storage.close();
        const again = await place.open();
        assert.deepEqual(await accepted(again, other), [1]);
        await again.close();
      },
    );

    withStorage("HUB-20 a repeated key is not judged against heads again", async (storage) => {
      const ann = new SampleAuthor("ann");
      const one = ann.create("a.txt", "1");
      const two = ann.edit(one.entry.id, one.entry, "2");
      assert.deepEqual(await accepted(storage, one, two), [1, 2]);
      assert.deepEqual(await accepted(storage, two, one, ann.edit(one.entry.id, two.entry, "3")), [2, 1, 3]);
    });

    withStorage("a stale base is refused with the current head, and all conflicts are listed", async (storage) => {
      const ann = new SampleAuthor("ann");
      const a = ann.create("a.txt", "1");
      const b = ann.create("b.txt", "1");
      const a2 = ann.edit(a.entry.id, a.entry, "2");
      await accepted(storage, a, b, a2);
      const unknown = ann.create("never-appended", "");
      const found = await conflicts(
        storage,
        ann.edit(a.entry.id, a.entry, "stale"),
        ann.edit(b.entry.id, b.entry, "fine"),
        ann.remove(a.entry.id, a.entry),
        ann.edit(unknown.entry.id, unknown.entry, "of nothing"),
        ann.create("a.txt", "another"),
      );
      assert.deepEqual(found, [
        [0, "STALE_BASE", a2.entry.id],
        [2, "STALE_BASE", a2.entry.id],
        [3, "STALE_BASE", null],
        [4, "PATH_TAKEN", a2.entry.id],
      ]);
    });

    withStorage("names: taken, freed by delete and by rename, exchanged in one batch", async (storage) => {
      const ann = new SampleAuthor("ann");
      const a = ann.create("a", "A");
      const b = ann.create("b", "B");
      await accepted(storage, a, b);
      const a2 = ann.move(a.entry.id, a.entry, "b");
      assert.deepEqual(await conflicts(storage, a2), [[0, "PATH_TAKEN", b.entry.id]]);
      const b2 = ann.move(b.entry.id, b.entry, "a");
      await accepted(storage, a2, b2); // a swap
      const a3 = ann.remove(a.entry.id, a2.entry);
      const c = ann.create("b", "C");
      await accepted(storage, a3, c);
      const revived = ann.edit(a.entry.id, a3.entry, "back", { name: "b" });
      assert.deepEqual(await conflicts(storage, revived), [[0, "PATH_TAKEN", c.entry.id]]);
      await accepted(storage, ann.edit(a.entry.id, a3.entry, "back", { name: "elsewhere" }));
      assert.deepEqual(
        await conflicts(storage, ann.create("n", "1"), ann.create("n", "2")).then((all) => all.length),
        1,
      );
    });

    withStorage("artifacts without document: replaced freely without a base, compared with one", async (storage) => {
      const ann = new SampleAuthor("ann");
      const x = (base?: EntryId | null): Written =>
        ann.write({ collection: "data", name: "x", ...(base === undefined ? {} : { base }) }, `${Math.random()}`);
      const first = x(null);
      await accepted(storage, first);
      assert.deepEqual(await conflicts(storage, x(null)), [[0, "STALE_BASE", first.entry.id]]);
      const second = x(first.entry.id);
      await accepted(storage, second);
      await accepted(storage, x());
      assert.equal((await conflicts(storage, x(second.entry.id))).length, 1);
      await accepted(storage, ann.write({ collection: "data", name: "x", kind: "delete" }));
      await accepted(storage, x(null));
    });

    withStorage("of documents that live, no two hold one name, whatever was tried", async (storage) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.tuple(fc.nat(5), fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 4 }), {
            maxLength: 25,
          }),
          async (batches) => namesStayUnique(storage, batches),
        ),
        { numRuns: 25 },
      );
    });

    withStorage("content: missing is told, a wrong size is refused, both without a trace", async (storage) => {
      const ann = new SampleAuthor("ann");
      const note = ann.note("t", "some text");
      const bare = await storage.entries.append([{ entries: [note.entry], contents: new Map() }]);
      assert.deepEqual(bare, [{ outcome: "missing", hashes: [note.entry.content?.hash] }]);
      const content = { hash: hash("sha256", "four"), size: 5, type: "text/plain" };
      const lying = { entry: ann.note("t", "", { content }).entry, content: Buffer.from("four") };
      assert.equal((await append(storage, lying)).outcome, "wrong-size");
      assert.equal(await storage.entries.head(), 0);
      assert.deepEqual(await storage.contents.missing([content.hash]), [content.hash]);
    });

    withStorage(
      "HUB-17 pages: in order, filtered, next never stalls, a batch that comes meanwhile shifts nothing",
      async (storage) => {
        const ann = new SampleAuthor("ann");
        const topicOf = (index: number): string => (index % 10 === 0 ? "rare" : "often");
        for (let from = 0; from < 100; from += 10) {
          await accepted(storage, ...Array.from({ length: 10 }, (_, index) => ann.note(topicOf(from + index), "x")));
        }
        const rare: number[] = [];
        let cursor = 0;
        for (let pages = 0; pages < 100; pages += 1) {
          const page = await storage.entries.scan({
            since: cursor,
            limit: 3,
            load: "blocks",
            contentBytes: 1e6,
            collections: ["notes/rare"],
          });
          rare.push(...page.entries.map(({ sequence }) => sequence));
          cursor = page.next;
          if (cursor >= page.head) break;
          if (pages < 3) await accepted(storage, ann.note("often", "meanwhile"));
        }
        assert.deepEqual(rare, [1, 11, 21, 31, 41, 51, 61, 71, 81, 91]);
        const beyond = await storage.entries.scan({ since: 1e9, limit: 3, load: "blocks", contentBytes: 1e6 });
        assert.deepEqual(beyond.entries, []);
        assert.equal(beyond.head, 103);
      },
    );

    withStorage("a page ends at its bytes, but always holds one entry", async (storage) => {
      const ann = new SampleAuthor("ann");
      await accepted(storage, ann.note("t", "x".repeat(900)), ann.note("t", "y".repeat(900)), ann.note("t", "z"));
      const sizes: number[] = [];
      for (let since = 0; since < 3; ) {
        const page = await storage.entries.scan({ since, limit: 10, load: "inline", contentBytes: 1_000 });
        sizes.push(page.entries.length);
        since = page.next;
      }
      assert.deepEqual(sizes, [1, 2]);
      const one = await storage.entries.scan({ since: 0, limit: 10, load: "inline", contentBytes: 1 });
      assert.equal(one.entries.length, 1);
    });

    withStorage("contents: kept, read in part, resumed, verified, idempotent", async (storage) => {
      const bytes = Buffer.alloc(200_000, "0123456789");
      const name = hash("sha256", bytes);
      const { contents } = storage;
      const wish = { total: bytes.length, maxBytes: 1e6 };
      const broken = contents.write(name, chunksThenError(bytes.subarray(0, 70_000)), { ...wish, offset: 0 });
      await assert.rejects(broken, /broken off/);
      assert.equal(await contents.size(name), undefined);
      assert.equal(await contents.partialSize(name), 70_000);
      await assert.rejects(contents.write(name, chunks(bytes), { ...wish, offset: 10 }), { name: "UploadMovedError" });
      await contents.write(name, chunks(bytes.subarray(70_000)), { ...wish, offset: 70_000 });
      assert.equal(await contents.size(name), 200_000);
      await contents.write(name, chunks(Buffer.from("ignored: it is here")), { ...wish, offset: 0 });
      assert.deepEqual(await collect(await contents.read(name, 5, 199_990)), bytes.subarray(5, 199_990));
      const wrong = hash("sha256", "something else");
      await assert.rejects(contents.write(wrong, chunks(bytes), { ...wish, offset: 0 }), { code: "VERIFY_FAILED" });
      assert.equal(await contents.partialSize(wrong), 0);
      await assert.rejects(contents.write(wrong, chunks(bytes), { offset: 0, maxBytes: 1e5 }), { code: "TOO_LARGE" });
      assert.deepEqual(await contents.missing([wrong, name, wrong]), [wrong]);
    });

    withStorage("contents: uploads of one hash side by side do not mix", async (storage) => {
      const bytes = Buffer.alloc(300_000, "abcdefg");
      const name = hash("sha256", bytes);
      const wish = { offset: 0, total: bytes.length, maxBytes: 1e6 };
      await Promise.all(Array.from({ length: 8 }, () => storage.contents.write(name, chunks(bytes), wish)));
      assert.deepEqual(await collect(await storage.contents.read(name, 0, bytes.length)), bytes);
    });

    withStorage("HUB-25 tokens: found by their text only, revoked for good, keys per token", async (storage, place) => {
      const { tokens } = storage;
      const admin = await tokens.create("admin");
      const member = await tokens.create("member");
      assert.equal(Buffer.from(member.token, "base64url").length, 32);
      assert.deepEqual(await tokens.find(admin.token), { id: admin.id, role: "admin" });
      for (const near of ["", member.id, member.token.slice(0, -1), `${member.token}A`, member.token.toLowerCase()]) {
        assert.equal(await tokens.find(near), undefined);
      }
      await tokens.registerKey(member.id, "ab".repeat(32));
      await tokens.registerKey(member.id, "ab".repeat(32));
      assert.deepEqual([...(await tokens.authors(member.id))], ["ab".repeat(32)]);
      assert.equal((await tokens.authors(admin.id)).size, 0);
      await tokens.revoke(member.id);
      await tokens.revoke(member.id);
      await assert.rejects(tokens.revoke("no-such-id"), { code: "NOT_FOUND" });
      await storage.close();
      const again = await place.open();
      assert.equal(await again.tokens.find(member.token), undefined);
      assert.deepEqual(await again.tokens.live([admin.id, member.id, "x"]), new Set([admin.id]));
      // Both may have been made in one millisecond: their order says nothing.
      const listed = new Map((await again.tokens.list()).map(({ id, revokedAt }) => [id, revokedAt]));
      assert.deepEqual([listed.get(admin.id), typeof listed.get(member.id)], [null, "string"]);
      await again.close();
    });

    withStorage(
      "text: queued, then done; found by new words only, by line and prefix, not after delete",
      async (storage) => {
        const ann = new SampleAuthor("ann");
        const a = ann.create("src/a.txt", "one\ntwo apples\nthree");
        const b = ann.create("docs/b.txt", "apples too");
        const c = ann.create("bin", `\0 apples`, binary("\0 apples"));
        await accepted(storage, a, b, c, ann.note("t", "apples in a note"));
        const indexed = async (doc: EntryId, head: Entry): Promise<void> => {
          await until(async () => {
            const [status] = await storage.texts.status([doc]);
            assert.equal(status?.entry, head.id);
            return status.state === "done";
          });
        };
        await indexed(c.entry.id, c.entry);
        const find = async (words: string, prefix?: string): Promise<string[]> => {
          const results = await storage.texts.search({ words, limit: 10, ...(prefix === undefined ? {} : { prefix }) });
          return results.map(({ name, line }) => `${name}:${line}`).toSorted();
        };
        await until(async () => (await find("apples")).length === 3);
        assert.deepEqual(await find("apples", "src/"), ["src/a.txt:2"]);
        assert.deepEqual(await find("APPLES two"), ["src/a.txt:2"]);
        assert.deepEqual(await find("apples", "sr"), []);
        for (const odd of ['"', "' OR 1", "apples AND (", "*", "", "\0", "NEAR("]) await find(odd);
        const a2 = ann.edit(a.entry.id, a.entry, "pears");
        await accepted(storage, a2);
        await indexed(a.entry.id, a2.entry);
        assert.deepEqual(await find("two"), []);
        assert.deepEqual(await find("pears"), ["src/a.txt:1"]);
        const a3 = ann.move(a.entry.id, a2.entry, "moved.txt");
        await accepted(storage, a3);
        await indexed(a.entry.id, a3.entry);
        assert.deepEqual(await find("pears"), ["moved.txt:1"]);
        const a4 = ann.remove(a.entry.id, a3.entry);
        await accepted(storage, a4);
        assert.deepEqual(await find("pears"), []);
        assert.deepEqual(await storage.texts.status(["unknown" as EntryId]), []);
      },
    );
  });
}

async function everything(storage: HubStorage): Promise<EntryId[]> {
  const { entries } = await storage.entries.scan({ since: 0, limit: 1_000, load: "blocks", contentBytes: 1e9 });
  return entries.map(({ id }) => id);
}

/** Runs batches of (document, name, act) and checks the heads against a model after each that was accepted. */
async function namesStayUnique(
  storage: HubStorage,
  batches: readonly (readonly [number, number, number][])[],
): Promise<void> {
  const author = new SampleAuthor(`w${Math.random()}`);
  const collection = `files-${author.writer}`;
  let heads = new Map<number, { doc: EntryId; head: Entry }>();
  for (const acts of batches) {
    const next = new Map(heads);
    const written: Written[] = [];
    for (const [slot, name, act] of acts) {
      const known = next.get(slot);
      const at = { collection, name: `n${name}` };
      let one: Written;
      if (known === undefined) one = author.create(at.name, "x", at);
      else if (act === 0) one = author.remove(known.doc, known.head);
      else if (act === 1 && known.head.content !== null) one = author.move(known.doc, known.head, at.name);
      else one = author.edit(known.doc, known.head, "x", act === 2 ? at : {});
      written.push(one);
      next.set(slot, { doc: known?.doc ?? one.entry.id, head: one.entry });
    }
    const [outcome] = await storage.entries.append([batchOf(written)]);
    const live = [...next.values()].filter(({ head }) => head.kind !== "delete").map(({ head }) => head.name);
    const isUnique = new Set(live).size === live.length;
    assert.equal(outcome?.outcome, isUnique ? "appended" : "conflicts", JSON.stringify(live));
    if (isUnique) heads = next;
  }
}

function binary(text: string): { content: { hash: string; size: number; type: string } } {
  const bytes = Buffer.from(text);
  return { content: { hash: hash("sha256", bytes), size: bytes.length, type: "application/octet-stream" } };
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 65_536) {
    yield bytes.subarray(from, from + 65_536);
    await Promise.resolve();
  }
}

async function* chunksThenError(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* chunks(bytes);
  throw new Error("broken off");
}

async function collect(stream: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  assert.ok(stream);
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

// Paging through a hub of its own process, over HTTP, while publishers write to it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Running, TestFolder } from "../cli/testing/holdfast.ts";
import { decodeEntry } from "../entries/index.ts";
import { SampleAuthor } from "../hub/testing/sample-author.ts";
import { HubApi } from "./hub-api.ts";

const TOPICS = ["news", "builds/main", "builds"] as const;
const PUBLISHERS = 4;
const BATCHES = 60;
/** Small, so that the reader is at it as long as the publishers are; no divisor of what a batch adds. */
const LIMIT = 7;

interface SeenPage {
  readonly since: number;
  readonly next: number;
  readonly sequence: number;
  readonly found: readonly { readonly sequence: number; readonly id: string }[];
}

async function readPage(api: HubApi, since: number, topics?: readonly string[]): Promise<SeenPage> {
  const { next, sequence, entries } = await api.page({ since, limit: LIMIT, ...(topics && { topics }) });
  return {
    since,
    next,
    sequence,
    found: entries.map((item) => ({ sequence: item.sequence, id: decodeEntry(item.block).id })),
  };
}

test("HUB-17 pages bring what is newer than since, in order, of the topics asked for; they stay so while entries arrive", async () => {
  using folder = new TestFolder();
  await using hub = new Running(["--json", "hub", "start", "--data", folder.at("hub"), "--port", "0"]);
  const { url, adminToken: token } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  const reader = new HubApi({ url, token });
  /** Where the hub said that each entry stands, and its topic; `files` for none. */
  const published = new Map<number, { readonly id: string; readonly topic: string }>();
  let writing = PUBLISHERS;
  const publish = async (index: number): Promise<void> => {
    const author = new SampleAuthor(`p${index}`);
    const api = new HubApi({ url, token });
    await api.registerKey(author.identity);
    for (let n = 0; n < BATCHES; n += 1) {
      const topic = TOPICS[(n + index) % TOPICS.length] ?? "news";
      const batch = [
        { topic, ...author.note(topic, `${index}.${n}`) },
        { topic: "files", ...author.create(`f${index}.${n}`, "x") },
        { topic: "news", ...author.note("news", `${index}.${n} too`) },
      ];
      const { results } = await api.append(
        batch.map(({ entry, content }) => ({ block: entry.block, content: content ?? Buffer.of() })),
      );
      for (const [at, { sequence, id }] of results.entries())
        published.set(sequence, { id, topic: batch[at]?.topic ?? "" });
    }
    writing -= 1;
  };

  /** Pages from `since` on, as a client does, until the publishers have ended and the end is reached. */
  const readAll = async (since: number, topics?: readonly string[]): Promise<SeenPage[]> => {
    const pages: SeenPage[] = [];
    for (let at = since; ; ) {
      const wasWriting = writing > 0;
      const page = await readPage(reader, at, topics);
      pages.push(page);
      assert.ok(
        page.next >= at && page.next <= Math.max(at, page.sequence),
        `from ${at} to ${page.next} of ${page.sequence}`,
      );
      at = page.next;
      if (at === page.sequence && !wasWriting) return pages;
    }
  };

  const queries = [
    { since: 0, topics: ["news"] },
    { since: 0, topics: ["builds"] },
    { since: 50, topics: ["news", "builds/main"] },
    { since: 0, topics: undefined },
    { since: 0, topics: ["nobody writes here"] },
  ];
  const [answers] = await Promise.all([
    Promise.all(queries.map(({ since, topics }) => readAll(since, topics))),
    ...Array.from({ length: PUBLISHERS }, (_, index) => publish(index)),
  ]);
  const total = PUBLISHERS * BATCHES * 3;
  assert.equal(published.size, total);

  for (const [index, { since, topics }] of queries.entries()) {
    const pages = answers[index] ?? [];
    const name = `of ${topics?.join(" and ") ?? "all"} since ${since}`;
    assert.ok(new Set(pages.map(({ sequence }) => sequence)).size > 20, `entries arrived between the pages ${name}`);
    // Every one that there is, once, in order, and none of another topic.
    const wanted = [...published.entries()]
      .filter(([sequence, { topic }]) => sequence > since && (topics === undefined || topics.includes(topic)))
      .map(([sequence, { id }]) => ({ sequence, id }))
      .sort((a, b) => a.sequence - b.sequence);
    assert.deepEqual(
      pages.flatMap(({ found }) => found),
      wanted,
      name,
    );
    // What a page said is said again now that there is more: its entries first, in the same places.
    for (const page of pages.slice(0, 40)) {
      const again = await readPage(reader, page.since, topics);
      assert.deepEqual(again.found.slice(0, page.found.length), page.found, `the page ${name}, from ${page.since}`);
      if (page.found.length === LIMIT) assert.equal(again.next, page.next);
    }
  }
  assert.deepEqual((await readPage(reader, total)).found, [], "nothing is newer than the newest");
  const listed = await reader.listPage({ since: total - 3, topics: ["news"] });
  assert.ok(listed.entries.every(({ sequence, collection }) => sequence > total - 3 && collection === "notes/news"));
});

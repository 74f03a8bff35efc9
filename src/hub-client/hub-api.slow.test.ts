// A hub as its clients meet it, where that takes longer.

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startHub } from "../hub/index.ts";
import { SampleAuthor } from "../hub/testing/sample-author.ts";
import { until } from "../hub/testing/wait-until.ts";
import { newDir, oneTo, outgoing, sequencesUntil, withHub } from "./testing/with-hub.ts";

test("HUB-16 64 concurrent publishers: 1..n without gaps, each answer in its own order, the same after a restart", async () => {
  const dir = newDir();
  const all: number[] = [];
  await withHub(
    async ({ member, admin }) => {
      const authors = Array.from({ length: 64 }, (_, index) => new SampleAuthor(`w${index}`));
      await Promise.all(
        authors.map(async (author, index) => {
          const { api } = await member(author);
          let last = 0;
          for (let round = 0; round < 4; round += 1) {
            const batch = Array.from({ length: 1 + (index % 3) }, () => outgoing(author.note("t", "x")));
            for (const { sequence } of (await api.append(batch)).results) {
              assert.ok(sequence > last);
              last = sequence;
              all.push(sequence);
            }
          }
        }),
      );
      assert.deepEqual(
        all.toSorted((a, b) => a - b),
        oneTo(all.length),
      );
      assert.equal((await admin.workspace()).sequence, all.length);
    },
    { dir },
  );
  const again = await startHub({ dir, port: 0, workspace: { id: "other", name: "ignored" } });
  assert.equal(again.adminToken, undefined);
  assert.equal(await again.storage.entries.head(), all.length);
  assert.equal(again.storage.workspace.id, "w");
  await again.close();
});

test("HUB-31 a listener that takes nothing is told so and resumes without loss; others do not notice", async () => {
  await withHub(
    async ({ member, served }) => {
      const ann = new SampleAuthor("ann");
      const { api, token } = await member(ann);
      const total = 24;
      // A plain socket, so that what the listener takes is up to this test.
      const socket = connect(served.port, "127.0.0.1");
      socket.write(`GET /v1/events?since=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
      let text = "";
      await new Promise<void>((resolve) =>
        socket.once("data", (data) => {
          text += data.toString();
          socket.pause();
          resolve();
        }),
      );
      const quick = sequencesUntil(api.events({ since: 0 }), total);
      for (let n = 0; n < total; n += 1) {
        const large = ann.note("t", `${n} ${"x".repeat(1_000_000)}`);
        const { content } = large;
        assert.ok(content);
        await api.upload(hash("sha256", content), content.length, async function* (offset) {
          yield content.subarray(offset);
        });
        await api.append([{ block: large.entry.block }]);
      }
      assert.deepEqual(await quick, oneTo(total));
      // Nothing is asked of the hub that would tell when the stall has passed; so the wait is one and a half of it.
      await delay(450);
      const ended = new Promise((resolve) => socket.once("close", resolve));
      socket.on("data", (data) => {
        text += data.toString();
      });
      socket.resume();
      await until(() => text.includes("LISTENER_TOO_SLOW"));
      socket.destroy();
      await ended;
      const seen = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
      assert.deepEqual(seen, oneTo(seen.length));
      assert.ok(seen.length < total, `${seen.length} had been sent`);
      const rest = await sequencesUntil(api.events({ since: seen.length }), total);
      assert.deepEqual([...seen, ...rest], oneTo(total));
    },
    { stallMs: 300 },
  );
});

test("after an upload that was refused half-way, the next request is answered as ever", async () => {
  await withHub(
    async ({ member }) => {
      const { api } = await member();
      for (let round = 0; round < 2; round += 1) {
        const refused = api.upload("0".repeat(64), 900_000, async function* () {
          for (let n = 0; n < 46; n += 1) yield Buffer.alloc(65_536);
        });
        await assert.rejects(refused, { code: "TOO_LARGE" });
        // Longer than the server waits for the rest of a body before it closes the connection.
        for (const endMs = performance.now() + 700; performance.now() < endMs; ) await api.workspace();
      }
    },
    { limits: { fileBytes: 1_000_000 } },
  );
});

test("a client told to wait by the rate limit waits and repeats by itself", async () => {
  await withHub(
    async ({ admin }) => {
      const answers = await Promise.all(oneTo(14).map(() => admin.workspace()));
      assert.equal(answers.length, 14);
    },
    { requestsPerSecond: 10 },
  );
});

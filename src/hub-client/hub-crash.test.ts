// A hub process killed with `kill -9` under load.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { decodeEntry } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { SampleAuthor, type Written } from "../hub/testing/sample-author.ts";
import { HubApi } from "./hub-api.ts";

const HUB_PROGRAM = `
  const { startHub } = await import(${JSON.stringify(new URL("../hub/index.ts", import.meta.url).href)});
  const dir = process.argv[1];
  const hub = await startHub({ dir, port: 0, workspace: { id: "w", name: "crash" }, requestsPerSecond: 1e6 });
  console.log(JSON.stringify({ url: hub.url, token: hub.adminToken }));
`;

async function startProcess(dir: string): Promise<{ child: ChildProcess; url: string; token?: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", HUB_PROGRAM, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.ok(child.stdout);
  let line = "";
  for await (const chunk of child.stdout) {
    line += String(chunk);
    if (line.includes("\n")) break;
  }
  const { url, token } = JSON.parse(line) as { url: string; token?: string };
  return { child, url, ...(token !== undefined && { token }) };
}

test("HUB-21 kill -9 under load: what was acknowledged is there, what was not is there once or not at all", async () => {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-hub-crash-"));
  const acknowledged = new Map<string, number>();
  const sent = new Map<string, Written>();
  let token = "";
  const authors = Array.from({ length: 6 }, (_, index) => new SampleAuthor(`w${index}`));
  for (let round = 0; round < 3; round += 1) {
    const hub = await startProcess(dir);
    token ||= hub.token ?? "";
    const api = new HubApi({ url: hub.url, token });
    for (const { identity } of authors) await api.registerKey(identity);
    const start = acknowledged.size;
    const publishers = authors.map(async (author) => {
      for (let n = 0; n < 10_000; n += 1) {
        const batch = [author.note("t", `${round}.${n}`), author.note("t", `${round}.${n} too`)];
        for (const written of batch) sent.set(written.entry.id, written);
        try {
          const { results } = await api.append(
            batch.map(({ entry, content }) => ({ block: entry.block, ...(content && { content }) })),
          );
          for (const { id, sequence } of results) acknowledged.set(id, sequence);
        } catch (error) {
          assert.ok(error instanceof HoldfastError && error.code === "HUB_UNREACHABLE", String(error));
          return;
        }
        // In the middle of everybody's traffic, at a place that differs from round to round.
        if (acknowledged.size - start > 60 + 31 * round) hub.child.kill("SIGKILL");
      }
    });
    await Promise.all(publishers);
    if (hub.child.exitCode === null && hub.child.signalCode === null) await once(hub.child, "exit");
    assert.equal(hub.child.signalCode, "SIGKILL");
  }
  assert.ok(acknowledged.size > 180);

  const hub = await startProcess(dir);
  const api = new HubApi({ url: hub.url, token });
  const stored = new Map<string, number>();
  const page = await api.page({ since: 0, limit: 1_000, inline: "contents" });
  assert.equal(page.next, page.sequence);
  for (const [index, { sequence, block, content }] of page.entries.entries()) {
    assert.equal(sequence, index + 1, "without gaps");
    const { id } = decodeEntry(block);
    assert.ok(!stored.has(id), "once");
    assert.deepEqual(Buffer.from(content ?? []), Buffer.from(sent.get(id)?.content ?? "unknown"));
    stored.set(id, sequence);
  }
  for (const [id, sequence] of acknowledged) assert.equal(stored.get(id), sequence);
  // Batches are whole: both entries of a pair, or none.
  const pairs = Map.groupBy(stored.keys(), (id) => {
    const { writer, n } = sent.get(id)?.entry.key ?? { writer: "", n: 0 };
    return `${writer} ${Math.ceil(n / 2)}`;
  });
  for (const [pair, ids] of pairs) assert.equal(ids.length, 2, pair);
  hub.child.kill("SIGKILL");
  await once(hub.child, "exit");
  rmSync(dir, { recursive: true, force: true });
});

// Saving 256 bytes durably: one after the other beside a plain append with fdatasync, and 16 at a time beside SQLite.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { initWorkspaceRecord } from "../../src/store/index.ts";
import { Artifacts } from "../../src/workspace/artifacts.ts";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { median } from "../files/table.ts";

const BYTES = 256;
const WRITERS = 16;
const ROUNDS = 5;

export async function putFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-bench-put-"));
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-put-store-"));
  using artifacts = new Artifacts(initWorkspaceRecord(folder));
  const log = openSync(join(dir, "log"), "a");
  const database = new DatabaseSync(join(dir, "db"));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE versions (id INTEGER PRIMARY KEY, content BLOB)",
  );
  const insert = database.prepare("INSERT INTO versions (content) VALUES (?)");
  const content = (n: number): Buffer => Buffer.alloc(BYTES, `content ${n} `);
  const count = isQuick ? 100 : 400;
  let n = 0;
  // Until it is compiled: what is measured is what it goes on with.
  for (let times = 0; times < count * 3; times += 1) await artifacts.put(`before-${n++}`, content(n));
  const rates = { put: [] as number[], append: [] as number[], many: [] as number[], sqlite: [] as number[] };
  for (let round = 0; round < (isQuick ? 2 : ROUNDS); round += 1) {
    rates.put.push(await rateOf(count, () => artifacts.put(`one-${n++}`, content(n))));
    rates.append.push(
      await rateOf(count * 4, () => {
        writeSync(log, content(n++));
        fdatasyncSync(log);
      }),
    );
    const each = Math.ceil(count / WRITERS);
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: WRITERS }, async () => {
        for (let own = 0; own < each; own += 1) await artifacts.put(`many-${n++}`, content(n));
      }),
    );
    rates.many.push((each * WRITERS * 1_000) / (performance.now() - startedMs));
    rates.sqlite.push(await rateOf(count * 4, () => insert.run(content(n++))));
  }
  closeSync(log);
  database.close();
  for (const [name, all] of Object.entries(rates))
    say(`${name}: ${all.map((rate) => rate.toFixed(0)).join(", ")} a second`);
  return [
    {
      figure: "a durable put of 256 bytes, one at a time",
      ours: median(rates.put),
      peer: "append + fdatasync",
      theirs: median(rates.append),
      unit: "/s",
      aim: { atLeast: 0.25 },
    },
    {
      figure: "the same, 16 writers at once",
      ours: median(rates.many),
      peer: "SQLite, synchronous=FULL, single inserts",
      theirs: median(rates.sqlite),
      unit: "/s",
      aim: { atLeast: 0.5 },
    },
  ];
}

async function rateOf(count: number, work: () => unknown): Promise<number> {
  const startedMs = performance.now();
  for (let time = 0; time < count; time += 1) await work();
  return (count * 1_000) / (performance.now() - startedMs);
}

// What a break in a download is, and what it is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "../errors.ts";
import { downloadWhole } from "./download.ts";

const SIZE = 10;
const broken = (): HoldfastError => new HoldfastError("HUB_UNREACHABLE", "the cable is out");

/** A hub whose nth connection gives out `counts[n]` bytes and then breaks; those after the last give out the rest. */
function breaking(
  counts: readonly number[],
  failure: () => Error = broken,
): { offsets: number[]; download: (hash: string, from?: number) => AsyncGenerator<Uint8Array> } {
  const offsets: number[] = [];
  return {
    offsets,
    async *download(_hash, from = 0) {
      const count = counts[offsets.length];
      offsets.push(from);
      for (let at = from; at < Math.min(SIZE, from + (count ?? SIZE)); at += 1) yield Uint8Array.of(at);
      if (count !== undefined) throw failure();
    },
  };
}

async function bytesOf(hub: ReturnType<typeof breaking>, size = SIZE): Promise<number[]> {
  const bytes: number[] = [];
  for await (const chunk of downloadWhole(hub, "hash", size)) bytes.push(...chunk);
  return bytes;
}

const ALL = Array.from({ length: SIZE }, (_, index) => index);

test("a content goes on behind what came, each byte once", async () => {
  const hub = breaking([3, 1, 5]);
  assert.deepEqual(await bytesOf(hub), ALL);
  assert.deepEqual(hub.offsets, [0, 3, 4, 9]);
});

test("a connection that breaks behind the last byte has brought all", async () => {
  const hub = breaking([SIZE]);
  assert.deepEqual(await bytesOf(hub), ALL);
  assert.deepEqual(hub.offsets, [0]);
});

test("a connection that brings nothing is told, and so is any other failure", async () => {
  const nothing = breaking([4, 0]);
  await assert.rejects(bytesOf(nothing), { code: "HUB_UNREACHABLE" });
  assert.deepEqual(nothing.offsets, [0, 4]);
  const refused = breaking([4], () => new HoldfastError("UNAUTHORIZED", "the token is not known"));
  await assert.rejects(bytesOf(refused), { code: "UNAUTHORIZED" });
});

test("HUB-13 a hub that breaks each connection after a byte is not asked for ever", async () => {
  const hub = {
    requests: 0,
    async *download(): AsyncGenerator<Uint8Array> {
      this.requests += 1;
      yield Uint8Array.of(0);
      throw broken();
    },
  };
  const whole = downloadWhole(hub, "hash", 1_000_000);
  await assert.rejects(Array.fromAsync(whole), { code: "HUB_UNREACHABLE" });
  assert.equal(hub.requests, 101);
});

test("nothing is asked for where there is nothing", async () => {
  const hub = breaking([]);
  assert.deepEqual(await bytesOf(hub, 0), []);
  assert.deepEqual(hub.offsets, []);
});

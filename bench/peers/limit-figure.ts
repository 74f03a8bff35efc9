// What two nodes cannot be faster than: each entry's bytes are appended to a file and flushed here, sent over TCP on loopback, appended
// to a file and flushed there, and answered. What has come meanwhile is flushed together, on both sides.

import { randomBytes } from "node:crypto";
import { closeSync, fdatasync, mkdtempSync, openSync, writeSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { measurePairSustained } from "./holdfast-pair.ts";
import { ENTRY_BYTES } from "./pair-sizes.ts";

const flush = promisify(fdatasync);

export async function limitFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const count = isQuick ? 300 : 1_000;
  const ours = await measurePairSustained(count);
  say(
    `holdfast: ${ours.one.toFixed(0)} one at a time, ${ours.hundred.toFixed(0)} a hundred at once, until both have them`,
  );
  const [one, hundred] = [await overLoopback(count, 1), await overLoopback(count, 100)];
  const peer = "append, flush, loopback TCP, append, flush";
  return [
    { figure: "appends until both nodes have them, one at a time", ours: ours.one, peer, theirs: one, unit: "/s" },
    { figure: "the same, a hundred at once", ours: ours.hundred, peer, theirs: hundred, unit: "/s" },
  ];
}

async function overLoopback(count: number, atOnce: number): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-limit-"));
  const [here, there] = [openSync(join(root, "here"), "w"), openSync(join(root, "there"), "w")];
  const server = createServer((socket) => void receive(socket, there));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.setNoDelay(true);
  await new Promise((resolve) => socket.once("connect", resolve));
  let answered = 0;
  const done = Promise.withResolvers<void>();
  socket.on("data", (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += 4) answered += bytes.readUInt32LE(at);
    if (answered === count) done.resolve();
  });
  const startedMs = performance.now();
  for (let sent = 0; sent < count; sent += atOnce) {
    const bytes = randomBytes(ENTRY_BYTES * atOnce);
    writeSync(here, bytes);
    await flush(here);
    socket.write(bytes);
  }
  await done.promise;
  const rate = (count / (performance.now() - startedMs)) * 1_000;
  socket.destroy();
  server.close();
  closeSync(here);
  closeSync(there);
  return rate;
}

async function receive(socket: Socket, file: number): Promise<void> {
  let left = 0;
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    writeSync(file, bytes);
    await flush(file);
    left += bytes.length;
    const entries = Buffer.alloc(4);
    entries.writeUInt32LE(Math.floor(left / ENTRY_BYTES));
    left %= ENTRY_BYTES;
    socket.write(entries);
  }
}

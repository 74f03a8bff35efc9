// Processes that reach for what is not simulated, each in its own way.

import { spawn } from "node:child_process";
import * as crypto from "node:crypto";
import { createSocket } from "node:dgram";
import * as dns from "node:dns/promises";
import * as fs from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { WriteStream } from "node:tty";
import { writeHeapSnapshot } from "node:v8";
import vm from "node:vm";
import { Worker } from "node:worker_threads";
import { createGzip } from "node:zlib";
import { race } from "holdfast/explorer";

const reaching = (name: string, reach: () => unknown) =>
  race({
    name,
    processes: {
      one: async () => {
        await reach();
      },
      other: () => undefined,
    },
  });

export const httpRequest = reaching("httpRequest", () => http.request("http://localhost"));
export const httpServer = reaching("httpServer", () => http.createServer().listen(0));
export const httpsGet = reaching("httpsGet", () => https.get("https://localhost"));
export const netConnect = reaching("netConnect", () => net.connect(1));
export const netSocket = reaching("netSocket", () => new net.Socket());
export const tlsConnect = reaching("tlsConnect", () => tls.connect(1));
export const datagrams = reaching("datagrams", () => createSocket("udp4"));
export const lookup = reaching("lookup", () => dns.lookup("localhost"));
export const child = reaching("child", () => spawn("true"));
export const worker = reaching("worker", () => new Worker("x", { eval: true }));
export const webSocket = reaching("webSocket", () => new WebSocket("ws://localhost"));
export const channel = reaching("channel", () => new MessageChannel());
export const subtle = reaching("subtle", () => globalThis.crypto.subtle.generateKey("Ed25519", false, ["sign"]));
export const binding = reaching("binding", () => (process as unknown as { binding(of: string): void }).binding("fs"));
export const builtin = reaching("builtin", () => process.getBuiltinModule("fs").statSync("/"));
export const blob = reaching("blob", () => fs.openAsBlob("/x"));
export const flushing = reaching("flushing", () =>
  Reflect.construct(fs.Utf8Stream, [{ dest: "/a", periodicFlush: 9 }]),
);
export const terminal = reaching("terminal", () => new WriteStream(1));
export const snapshot = reaching("snapshot", () => writeHeapSnapshot("/nowhere/at-all"));
export const stream = reaching("stream", () => createGzip().end("x"));
export const locks = reaching("locks", () => (navigator as unknown as { locks: object }).locks);
export const realTimer = reaching("realTimer", () => vm.runInThisContext("setTimeout(() => {}, 1)"));
export const realFetch = reaching("realFetch", () => new Function("return fetch('http://localhost')")());
export const globalTimer = reaching("globalTimer", () =>
  (new Function("return this")() as typeof globalThis).setImmediate(() => undefined),
);
/** It is told though the code under test makes nothing of it. */
export const swallowed = reaching("swallowed", () => {
  try {
    net.connect(1);
  } catch {
    // The code has another way.
  }
});

const careless = (name: string, reach: () => unknown) =>
  reaching(name, async () => {
    try {
      await reach();
    } catch {
      // Here too.
    }
  });
export const swallowedGlob = careless("swallowedGlob", () => fs.globSync("/etc/*"));
export const swallowedGlobLater = careless("swallowedGlobLater", async () => {
  for await (const name of fs.promises.glob("../*")) void name;
});
export const swallowedLinks = careless("swallowedLinks", () => fs.globSync("*", { followSymlinks: true } as object));
export const swallowedName = careless("swallowedName", () => fs.readFileSync(Buffer.of(255)));
export const swallowedNameLater = careless("swallowedNameLater", () => fs.promises.readFile(Buffer.of(255)));
export const swallowedNameTold = careless(
  "swallowedNameTold",
  () => new Promise((resolve) => fs.readFile(Buffer.of(255), resolve)),
);
export const swallowedFlushing = careless("swallowedFlushing", () =>
  Reflect.construct(fs.Utf8Stream, [{ dest: "/a", periodicFlush: 9 }]),
);

/** Only looked at, inherited from, or asked for what it computes. */
export const harmless = race({
  name: "harmless",
  processes: {
    one: async () => {
      class Mine extends http.Server {}
      const agent = new http.Agent({ keepAlive: true });
      const signed = await new Promise((resolve) => crypto.checkPrime(7n, (_error, result) => resolve(result)));
      const { WebAssembly: wasm } = globalThis as unknown as {
        WebAssembly: { compile(of: Uint8Array): Promise<object> };
      };
      const compiled = await wasm.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      if (![typeof Mine, agent, signed, compiled, net.isIP("::1"), http.STATUS_CODES[200]].every(Boolean)) throw agent;
    },
  },
});

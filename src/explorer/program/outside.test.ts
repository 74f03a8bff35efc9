// What is not simulated is told by name and place, and never let through.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "../explore.ts";
import { ScenarioError } from "../scenario-error.ts";
import { raceFile } from "../testing/race-file.ts";

const FILE = raceFile("outside");
const LINES = readFileSync(FILE, "utf8").split("\n");

const CALLS: Readonly<Record<string, string>> = {
  httpRequest: "http.request()",
  httpServer: "http.createServer()",
  httpsGet: "https.get()",
  netConnect: "net.connect()",
  netSocket: "net.Socket()",
  tlsConnect: "tls.connect()",
  datagrams: "dgram.createSocket()",
  lookup: "dns/promises.lookup()",
  child: "child_process.spawn()",
  worker: "worker_threads.Worker()",
  webSocket: "new WebSocket()",
  channel: "new MessageChannel()",
  subtle: "crypto.subtle.generateKey()",
  binding: "process.binding()",
  builtin: 'process.getBuiltinModule("fs")',
  blob: "fs.openAsBlob()",
  flushing: "fs.Utf8Stream with periodicFlush",
  terminal: "tty.WriteStream()",
  snapshot: "v8.writeHeapSnapshot()",
  stream: "zlib.createGzip()",
  locks: "navigator.locks",
  realTimer: "setTimeout() of the real global object",
  realFetch: "fetch() of the real global object",
  globalTimer: "setImmediate() of the real global object",
  swallowed: "net.connect()",
  swallowedGlob: "glob of /etc/*",
  swallowedGlobLater: "glob of ../*",
  swallowedLinks: "glob with followSymlinks",
  swallowedName: "A path that is not UTF-8",
  swallowedNameLater: "A path that is not UTF-8",
  swallowedNameTold: "A path that is not UTF-8",
  swallowedFlushing: "fs.Utf8Stream with periodicFlush",
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`RACE-13 ${name}: ${call} is an error that names it and the line`, async () => {
    const refused = await inspect(FILE, { exported: name }).then(
      (report) => assert.fail(`it was let through: ${report.verdict} ${report.trace?.violation.message}`),
      (error: unknown) => error,
    );
    assert.ok(refused instanceof ScenarioError, String(refused));
    assert.ok(refused.message.startsWith(`${call} is not simulated`), refused.message);
    const line = Number(/outside\.race\.ts:(\d+):\d+\)$/.exec(refused.message)?.[1]);
    const from = LINES.findIndex((text) => text.includes(`export const ${name} =`)) + 1;
    assert.ok(line >= from && line <= from + 3, `line ${line} of ${refused.message} is not that of ${name}`);
  });
}

test("RACE-13 what only computes, is inherited from or looked at is let be", async () => {
  const report = await inspect(FILE, { exported: "harmless" });
  assert.equal(report.verdict, "proved", report.trace?.violation.stack);
});

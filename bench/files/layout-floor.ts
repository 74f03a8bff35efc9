// The floor of the store's layout: what `cp -r` has to do, and the files and directories that two stores are to hold of it
// afterwards (docs/decisions/0003 and design: one directory a version, with content and version.json), made by two threads
// that do nothing else, then `sync`. No hashing, no signing, no database, no hub.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { encodeName } from "../../src/store/layout.ts";
import type { Peer } from "./pair.ts";
import { run } from "./programs.ts";

/** Bytes of a usual version.json. */
const VERSION_FILE_BYTES = 900;

interface Side {
  readonly from: string;
  readonly store: string;
  readonly to?: string;
}

export const layoutFloor: Peer = {
  name: "the files of its layout alone",
  isInstalled: () => true,
  async open(root) {
    const [from, to] = [join(root, "from"), join(root, "to")];
    for (const folder of [from, to]) mkdirSync(folder, { recursive: true });
    return {
      from,
      to,
      async carry() {
        const sides: Side[] = [
          { from, store: join(root, "store-1") },
          { from, store: join(root, "store-2"), to },
        ];
        await Promise.all(sides.map(makeAside));
        await run("sync", []);
      },
      settle: async () => {},
      close: async () => {},
    };
  },
};

function makeAside(side: Side): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: side });
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
}

function make({ from, store, to }: Side): void {
  const versionFile = Buffer.alloc(VERSION_FILE_BYTES, "x");
  mkdirSync(store);
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(from.length + 1);
    const bytes = readFileSync(path);
    const artifact = join(store, encodeName(name));
    mkdirSync(artifact);
    mkdirSync(join(artifact, "1"));
    writeFileSync(join(artifact, "1", "content"), bytes);
    writeFileSync(join(artifact, "1", "version.json"), versionFile);
    writeFileSync(join(artifact, "latest"), "1");
    if (to === undefined) continue;
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), bytes);
  }
}

if (!isMainThread) make(workerData as Side);

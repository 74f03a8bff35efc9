// The floor: `cp -r` of what changed, then `sync`.

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./pair.ts";
import { run } from "./programs.ts";

export const copyAndSync: Peer = {
  name: "cp -r + sync",
  isInstalled: () => true,
  async open(root) {
    const [from, to] = [join(root, "from"), join(root, "to")];
    for (const folder of [from, to]) mkdirSync(folder, { recursive: true });
    return {
      from,
      to,
      async carry() {
        await run("cp", ["-r", ...readdirSync(from).map((name) => join(from, name)), to]);
        await run("sync", []);
      },
      settle: async () => {},
      close: async () => {},
    };
  },
};

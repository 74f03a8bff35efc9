// Unison between two local folders, run by hand as it is meant to be; it does not flush what it writes.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./pair.ts";
import { isInstalled, run } from "./programs.ts";

export const unison: Peer = {
  name: "unison",
  isInstalled: () => isInstalled("unison", "-version"),
  async open(root) {
    const [from, to] = [join(root, "from"), join(root, "to")];
    for (const folder of [from, to]) mkdirSync(folder, { recursive: true });
    const carry = async (): Promise<void> => {
      const flags = [
        "-ui",
        "text",
        "-batch",
        "-auto",
        "-silent",
        "-confirmbigdel=false",
        "-logfile",
        join(root, "log"),
      ];
      await run("unison", [from, to, ...flags], { UNISON: join(root, "state") });
    };
    await carry(); // the first run makes its archives
    return { from, to, carry, settle: async () => {}, close: async () => {} };
  },
};

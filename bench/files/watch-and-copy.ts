// The bare minimum that carries a save over: `fs.watch` on one flat folder and a copy, in a process of its own.
// Nothing is kept, nothing is flushed, and what happens while it copies may be missed.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./pair.ts";
import { end } from "./programs.ts";

const PROGRAM = `
const { copyFile, watch } = require("node:fs");
const [, from, to] = process.argv;
watch(from, (_, name) => copyFile(from + "/" + name, to + "/" + name, () => {}));
console.log("ready");
`;

export const watchAndCopy: Peer = {
  name: "fs.watch + copy",
  isInstalled: () => true,
  async open(root) {
    const [from, to] = [join(root, "from"), join(root, "to")];
    for (const folder of [from, to]) mkdirSync(folder, { recursive: true });
    const child: ChildProcess = spawn(process.execPath, ["-e", PROGRAM, from, to], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    return { from, to, settle: async () => {}, close: () => end(child) };
  },
};

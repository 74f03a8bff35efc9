// How long a command takes, most of which is its start: `holdfast data get` of a small artifact, against the same Node
// that runs nothing.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN } from "./holdfast.ts";
import { run } from "./programs.ts";
import { inFolder, type Settings } from "./settings.ts";
import { type Line, median } from "./table.ts";

const TURNS = 15;
const WITHIN_OF_NODE = 2.5;

export async function cliFigure(settings: Settings): Promise<Line[]> {
  return inFolder(settings, async (root) => {
    const small = join(root, "small.txt");
    writeFileSync(small, "a small artifact\n");
    await run(BIN, ["init", root]);
    await run(BIN, ["data", "put", "small", small, "-C", root]);
    const ours: number[] = [];
    const nodes: number[] = [];
    const time = async (program: string, ...args: string[]): Promise<number> => {
      const startedAt = performance.now();
      await run(program, args);
      return performance.now() - startedAt;
    };
    await time(BIN, "data", "get", "small", "-C", root); // the first fills the cache of compiled code
    for (let turn = 0; turn < TURNS; turn += 1) {
      ours.push(await time(BIN, "data", "get", "small", "-C", root));
      nodes.push(await time(process.execPath, "-e", "0"));
    }
    return [
      {
        figure: `data get of a small artifact, median of ${TURNS}`,
        ours: median(ours),
        peer: "node -e 0",
        theirs: median(nodes),
        unit: "ms",
        most: WITHIN_OF_NODE,
      },
    ];
  });
}

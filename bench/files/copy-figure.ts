// How long a tree of small files takes from one folder to byte-identical on the other.
//
// Whatever keeps the two folders is up and idle, and nothing unwritten is left in memory (`sync`). The clock starts when
// the finished tree is moved into the first folder by one rename(2), and ends when the other holds it.

import { renameSync } from "node:fs";
import { join } from "node:path";
import { copyAndSync } from "./copy-and-sync.ts";
import { holdfastPeer } from "./holdfast.ts";
import { layoutFloor } from "./layout-floor.ts";
import type { Peer } from "./pair.ts";
import { run } from "./programs.ts";
import { inFolder, type Settings, whyNot } from "./settings.ts";
import { syncthing } from "./syncthing.ts";
import { type Line, median, shown } from "./table.ts";
import { bytesIn, makeTree, type Tree, untilAlike } from "./trees.ts";
import { unison } from "./unison.ts";

const DIRECTORIES = 300;
const RUNS = 3;
const WITHIN_OF_CP = 4;
const FASTER_THAN_SYNCTHING = 6;

export async function copyFigure(settings: Settings): Promise<Line[]> {
  return inFolder(settings, async (dir) => {
    const source = join(dir, "source");
    const tree = makeTree(source, settings.isQuick ? 1_000 : 10_000, DIRECTORIES);
    const figure = `${tree.size} files, ${(bytesIn(tree) / 1e6).toFixed(0)} MB, to the other folder`;
    const timeOf = async (peer: Peer, runs: number): Promise<{ theirs: number | undefined; note?: string }> => {
      const note = whyNot(peer, settings);
      if (note !== undefined && peer !== holdfastPeer) return { theirs: undefined, note };
      const times: number[] = [];
      for (let index = 0; index < runs; index += 1) {
        times.push(await inFolder(settings, (root) => timeOnce(peer, root, source, tree)));
        settings.say(`${peer.name}: ${tree.size} files in ${shown(times.at(-1) ?? 0, "ms")}`);
      }
      return { theirs: median(times) };
    };
    const cp = await timeOf(copyAndSync, RUNS);
    const floor = await timeOf(layoutFloor, RUNS);
    const ours = (await timeOf(holdfastPeer, RUNS)).theirs ?? Number.NaN;
    const byUnison = await timeOf(unison, RUNS);
    const byDelay1 = await timeOf(syncthing(1), 1);
    const byDefault = await timeOf(syncthing(10), 1);
    const isDefaultBetter =
      (byDefault.theirs ?? Number.POSITIVE_INFINITY) < (byDelay1.theirs ?? Number.POSITIVE_INFINITY);
    const aimOf = (isBetter: boolean): object => (isBetter ? { most: 1 / FASTER_THAN_SYNCTHING } : {});
    const line = { figure, ours, unit: "ms" } as const;
    return [
      { ...line, peer: copyAndSync.name, ...cp, most: WITHIN_OF_CP },
      { ...line, peer: layoutFloor.name, ...floor },
      { ...line, peer: unison.name, ...byUnison, most: 1 },
      { ...line, peer: syncthing(1).name, ...byDelay1, ...aimOf(!isDefaultBetter) },
      { ...line, peer: syncthing(10).name, ...byDefault, ...aimOf(isDefaultBetter) },
    ];
  });
}

async function timeOnce(peer: Peer, root: string, source: string, tree: Tree): Promise<number> {
  const pair = await peer.open(root);
  try {
    const ready = join(root, "ready");
    await run("cp", ["-r", source, ready]);
    await run("sync", []);
    await pair.settle();
    const startedAt = performance.now();
    renameSync(ready, join(pair.from, "tree"));
    if (pair.carry !== undefined) {
      await pair.carry();
      const endedAt = performance.now();
      await untilAlike(source, join(pair.to, "tree"), tree);
      return endedAt - startedAt;
    }
    return (await untilAlike(source, join(pair.to, "tree"), tree)) - startedAt;
  } finally {
    await pair.close();
  }
}

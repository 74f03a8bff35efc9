// How long one save takes from one folder to being visible in the other.
//
// The folder holds some files of 2 KiB; each save rewrites one of them whole, the next one in turn, at moments that no
// timer of the programs is in step with. The clock starts before the write and ends when the other folder's file has the
// new content.

import { mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { holdfastPeer } from "./holdfast.ts";
import type { Pair, Peer } from "./pair.ts";
import { until } from "./programs.ts";
import { inFolder, type Settings, whyNot } from "./settings.ts";
import { syncthing } from "./syncthing.ts";
import { type Line, median, quantile, shown } from "./table.ts";
import { generator } from "./trees.ts";
import { watchAndCopy } from "./watch-and-copy.ts";

const FILES = 20;
const BYTES = 2_048;
const AIM_MEDIAN_MS = 50;
const AIM_P99_MS = 200;
const LOST_MS = 60_000;

interface Times {
  readonly median: number;
  readonly p99: number;
}

export async function latencyFigure(settings: Settings): Promise<Line[]> {
  const saves = settings.isQuick ? 10 : 50;
  const timesOf = async (peer: Peer): Promise<Times | string> => {
    const note = whyNot(peer, settings);
    if (note !== undefined && peer !== holdfastPeer) return note;
    const times = await inFolder(settings, async (root) => {
      const pair = await peer.open(root);
      try {
        return await timeSaves(pair, saves);
      } finally {
        await pair.close();
      }
    });
    const result = { median: median(times), p99: quantile(times, 0.99) };
    settings.say(`${peer.name}: a save in ${shown(result.median, "ms")}, p99 ${shown(result.p99, "ms")}`);
    return result;
  };
  const ours = await timesOf(holdfastPeer);
  if (typeof ours === "string") return [];
  const peers = [syncthing(1), watchAndCopy];
  const theirs: [string, Times | string][] = [];
  for (const peer of peers) theirs.push([peer.name, await timesOf(peer)]);
  return (["median", "p99"] as const).flatMap((which): Line[] => {
    const line = { figure: `one save, ${which} of ${saves}`, ours: ours[which], unit: "ms" } as const;
    return [
      { ...line, peer: "aim", theirs: which === "median" ? AIM_MEDIAN_MS : AIM_P99_MS, most: 1 },
      ...theirs.map(
        ([peer, times]): Line =>
          typeof times === "string"
            ? { ...line, peer, theirs: undefined, note: times }
            : { ...line, peer, theirs: times[which] },
      ),
    ];
  });
}

async function timeSaves({ from, to, settle }: Pair, saves: number): Promise<number[]> {
  const random = generator(7);
  mkdirSync(from, { recursive: true });
  const contentOf = (file: number, save: number): Buffer =>
    Buffer.alloc(BYTES, `file ${file}, save ${save}, ${random()}\n`);
  const nameOf = (file: number): string => `note-${file}.txt`;
  const contents = Array.from({ length: FILES }, (_, file) => contentOf(file, 0));
  for (const [file, content] of contents.entries()) writeFileSync(join(from, nameOf(file)), content);
  await until("the first files are there", () => contents.every((bytes, file) => has(join(to, nameOf(file)), bytes)));
  await settle();
  const times: number[] = [];
  for (let save = 1; save <= saves; save += 1) {
    // Not before what followed the save before is over; then at any moment.
    await pause(300 + random() * 200);
    const file = save % FILES;
    const bytes = contentOf(file, save);
    const seen = whenVisible(to, nameOf(file), bytes);
    const startedAt = performance.now();
    writeFileSync(join(from, nameOf(file)), bytes);
    times.push((await seen) - startedAt);
  }
  return times;
}

/** The moment at which `dir/name` has this content: asked at every event of the folder, and every millisecond. */
function whenVisible(dir: string, name: string, bytes: Buffer): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const look = (): void => {
    if (has(join(dir, name), bytes)) resolve(performance.now());
  };
  const watcher = watch(dir, look);
  const asked = setInterval(look, 1);
  const lost = setTimeout(() => reject(new Error(`a save of ${name} was not carried over`)), LOST_MS);
  return promise.finally(() => {
    watcher.close();
    clearInterval(asked);
    clearTimeout(lost);
  });
}

function has(path: string, bytes: Buffer): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch {
    return false;
  }
}

// How long a renamed folder takes until the other side is alike, and how much content that sends.
//
// The times are taken with a workspace's own hub. Content is counted apart from them, with a hub of its own that both
// folders reach through a counter; there a first sync must show every file on both ways, or the count says nothing.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContentCounter } from "./content-counter.ts";
import { BIN, holdfast, holdfastPeer, pairOf, up } from "./holdfast.ts";
import type { Pair, Peer } from "./pair.ts";
import { end, freePort, until } from "./programs.ts";
import { inFolder, type Settings, whyNot } from "./settings.ts";
import { syncthing } from "./syncthing.ts";
import { type Line, median, shown } from "./table.ts";
import { type Tree, untilAlike } from "./trees.ts";
import { unison } from "./unison.ts";

const FILES = 1_000;
const BYTES = 2_048;
const RENAMES = 3;
const MARK = "marked content of a file, ";
const AIM_MS = 100;

export async function renameFigure(settings: Settings): Promise<Line[]> {
  const timeOf = async (peer: Peer): Promise<{ theirs: number | undefined; note?: string }> => {
    const note = whyNot(peer, settings);
    if (note !== undefined && peer !== holdfastPeer) return { theirs: undefined, note };
    const time = await inFolder(settings, async (root) => {
      const pair = await peer.open(root);
      try {
        return median(await timeRenames(pair));
      } finally {
        await pair.close();
      }
    });
    settings.say(`${peer.name}: a folder of ${FILES} renamed in ${shown(time, "ms")}`);
    return { theirs: time };
  };
  const bare = await inFolder(settings, timeBareRename);
  const ours = (await timeOf(holdfastPeer)).theirs ?? Number.NaN;
  const byUnison = await timeOf(unison);
  const bySyncthing = await timeOf(syncthing(1));
  const sent = await inFolder(settings, countContent);
  settings.say(`holdfast: the rename sent ${sent.contentBytes} bytes of content, ${sent.allBytes} bytes in all`);
  const line = { figure: `a folder of ${FILES} files renamed`, ours, unit: "ms" } as const;
  return [
    { ...line, peer: "aim", theirs: AIM_MS, most: 1 },
    { ...line, peer: "rename(2)", theirs: bare },
    { ...line, peer: unison.name, ...byUnison },
    { ...line, peer: syncthing(1).name, ...bySyncthing },
    {
      figure: "content sent by that rename",
      ours: sent.contentBytes,
      peer: "its files",
      theirs: FILES * BYTES,
      unit: "bytes",
      most: 0,
    },
    {
      figure: "all bytes sent by that rename",
      ours: sent.allBytes,
      peer: "its files",
      theirs: FILES * BYTES,
      unit: "bytes",
    },
  ];
}

function makeFolder(dir: string): Tree {
  mkdirSync(dir, { recursive: true });
  const tree = new Map<string, number>();
  for (let index = 0; index < FILES; index += 1) {
    const name = `file-${index}.txt`;
    writeFileSync(join(dir, name), `${MARK}${index}\n`.padEnd(BYTES, "one line of many words\n"));
    tree.set(name, BYTES);
  }
  return tree;
}

async function timeRenames(pair: Pair): Promise<number[]> {
  const original = join(pair.from, "name-0");
  const tree = makeFolder(original);
  await pair.carry?.();
  await untilAlike(original, join(pair.to, "name-0"), tree);
  const times: number[] = [];
  for (let turn = 1; turn <= RENAMES; turn += 1) {
    await pair.settle();
    times.push(await timeRename(pair, `name-${turn - 1}`, `name-${turn}`, tree));
  }
  return times;
}

async function timeRename(pair: Pair, before: string, after: string, tree: Tree): Promise<number> {
  const startedAt = performance.now();
  renameSync(join(pair.from, before), join(pair.from, after));
  await pair.carry?.();
  const carriedAt = performance.now();
  const alikeAt = await untilAlike(join(pair.from, after), join(pair.to, after), tree);
  await until("the old name is gone", () => !existsSync(join(pair.to, before)), { everyMs: 1 });
  if (pair.carry !== undefined) return carriedAt - startedAt;
  // Where the old name went after the new one was whole, that is the end; looking at a tree takes longer than this.
  return alikeAt - startedAt;
}

async function timeBareRename(root: string): Promise<number> {
  makeFolder(join(root, "name-0"));
  const times: number[] = [];
  for (let turn = 1; turn <= RENAMES; turn += 1) {
    const startedAt = performance.now();
    renameSync(join(root, `name-${turn - 1}`), join(root, `name-${turn}`));
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

async function countContent(root: string): Promise<{ contentBytes: number; allBytes: number }> {
  const port = await freePort();
  const hub = spawn(BIN, ["hub", "start", "--data", join(root, "hub"), "--port", `${port}`, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  hub.stdout.on("data", (chunk: Buffer) => {
    told += String(chunk);
  });
  await until("the hub is up", () => /\}\s*$/.test(told));
  const { adminToken } = JSON.parse(told) as { adminToken: string };
  const counter = await ContentCounter.open(port, MARK);
  try {
    const folders = ["from", "to"].map((name) => join(root, name));
    for (const folder of folders) {
      await holdfast("join", `http://127.0.0.1:${counter.port}/#${adminToken}`, folder);
      await up(folder);
    }
    const [from = "", to = ""] = folders;
    const pair = await pairOf(from, to);
    try {
      const tree = makeFolder(join(from, "name-0"));
      await untilAlike(join(from, "name-0"), join(to, "name-0"), tree);
      await pair.settle();
      if (counter.marks < 2 * FILES) throw new Error(`only ${counter.marks} contents of ${2 * FILES} were counted`);
      const [marksBefore, bytesBefore] = [counter.marks, counter.bytes];
      await timeRename(pair, "name-0", "name-1", tree);
      // What is asked for `settle` would be counted too, and is not what the rename sends.
      const result = { contentBytes: (counter.marks - marksBefore) * BYTES, allBytes: counter.bytes - bytesBefore };
      await pair.settle();
      return { ...result, contentBytes: (counter.marks - marksBefore) * BYTES };
    } finally {
      await pair.close();
    }
  } finally {
    counter.close();
    await end(hub);
  }
}

// Everything that any later call could see of a disk and its processes, as text: for "the same state" in tests.

import type { Disk } from "../disk.ts";
import { contentOf } from "../dump.ts";
import type { Journal } from "../durability.ts";
import type { Entry, Inode } from "../inode.ts";
import type { TestCaller } from "./test-caller.ts";

// biome-ignore-start lint/complexity/useLiteralKeys: private members can only be read so.
export function wholeState(disk: Disk, callers: readonly TestCaller[]): string {
  const { inodes, journal, watches } = disk["tree"];
  const lines: string[] = [];
  for (const ino of [...inodes.keys()].sort((a, b) => a - b)) {
    const inode = inodes.get(ino);
    if (inode !== undefined && (inode.nlink > 0 || inode.opens > 0 || isWorkingDirectory(inode, callers)))
      lines.push(facts(inode));
  }
  for (const caller of callers) {
    lines.push(`${caller.process} in ${caller.cwd.ino}, next inode ${caller.nextInode()}`);
    for (const fd of caller.files.numbers()) {
      const { inode, entry, position, ...mode } = caller.files.get(fd);
      lines.push(`${caller.process} ${fd}: ${inode.ino} by ${by(entry)} at ${position} ${JSON.stringify(mode)}`);
    }
  }
  for (const { process, id, inode, recursive, ownName } of watches["watches"]) {
    lines.push(
      `${process} watches ${inode.ino} ${JSON.stringify({ id, recursive, ownName, live: watches["byInode"].has(inode) })}`,
    );
  }
  if (journal !== undefined) lines.push(...durabilityFacts(journal, [...inodes.values()]));
  return lines.join("\n");
}

// biome-ignore-end lint/complexity/useLiteralKeys: as above.

function isWorkingDirectory(inode: Inode, callers: readonly TestCaller[]): boolean {
  return callers.some(({ cwd }) => cwd === inode);
}

function by(entry: Entry | undefined): string {
  return entry === undefined ? "/" : `${entry.parent.ino}/${entry.name}${entry.linked ? "" : " (removed)"}`;
}

function facts(inode: Inode): string {
  const { ino, mode, uid, gid, nlink, opens, atimeMs, mtimeMs, ctimeMs, birthtimeMs } = inode;
  const common = JSON.stringify({ ino, mode, uid, gid, nlink, opens, atimeMs, mtimeMs, ctimeMs, birthtimeMs });
  switch (inode.kind) {
    case "file":
      return `${common} ${contentOf(inode)}`;
    case "directory": {
      const names = [...inode.entries.values()].map(({ name, inode: named }) => `${name}=${named.ino}`).sort();
      return `${common} in ${by(inode.entry)} ${inode.dead ? "dead" : ""} ${names.join()}`;
    }
    default:
      return common;
  }
}

function durabilityFacts(journal: Journal, inodes: readonly Inode[]): string[] {
  const lines: string[] = [];
  const perName = new Map<string, string[]>();
  for (const { effects } of journal.pendingNames()) {
    const told = effects.map(({ directory, name, inode }) => `${directory.ino}/${name}=${inode?.ino}`);
    lines.push(`unsynced ${told.join(" and ")}`);
    for (const { directory, name, inode } of effects) {
      const key = `order of ${directory.ino}/${name}:`;
      perName.set(key, [...(perName.get(key) ?? []), String(inode?.ino)]);
    }
  }
  for (const [key, meanings] of perName) lines.push(key + meanings.join());
  for (const inode of inodes) {
    if (inode.kind === "directory") {
      const names = [...journal.durableNamesOf(inode)].map(([name, named]) => `${name}=${named.ino}`).sort();
      lines.push(`durable in ${inode.ino}: ${names.join()}`);
    } else if (inode.kind === "file") {
      const record = journal.recordFor(inode);
      if (record === undefined) continue;
      const changes = record.changes.map(
        ({ position, bytes }) => `${position}:${bytes === undefined ? "end" : Buffer.from(bytes)}`,
      );
      lines.push(`durable of ${inode.ino}: ${Buffer.from(record.durable)} then ${changes.join()}`);
    }
  }
  return lines.sort();
}

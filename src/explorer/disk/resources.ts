// The names under which the disk tells the search what a call touched.
//
// Few are enough, because every change of an inode also stamps its times: whoever has looked at `stat:` has seen them all.
//   name:<dir>/<name>  what a name means      a lookup reads, a change of the name writes
//   list:<dir>         the names together     readdir reads, a name that comes or goes adds, the directory's end writes
//   data:<ino>         content and size
//   meta:<ino>         mode and owner         read by permission checks, so only for callers that are not root
//   stat:<ino>         all that stat shows    any change adds (two stamps of one moment commute), a set time writes
//   up:<dir>           the parent directory   `..` reads, a move to another directory writes
//   watch:<process>/<n> the notices in line    whoever makes one writes: a watcher sees their order
// Inode numbers come from the callers and not from a counter here, so a name means the same in every order of a run.

import { type Resource, resource } from "../footprint.ts";

export interface InodeResources {
  readonly ino: number;
  readonly data: Resource;
  readonly meta: Resource;
  readonly stat: Resource;
  readonly list: Resource;
  readonly up: Resource;
  readonly names: Map<string, Resource>;
}

/** The simulated time: read by every call that stamps it somewhere. */
export const CLOCK = resource("clock");
/** Read by changes through a descriptor whose name is gone, added to by watches that begin or end, which cannot list such descriptors. */
export const NAMELESS = resource("nameless");
/** Where directories are, as far as recursive watches care. */
export const TREE_SHAPE = resource("tree-shape");

const byInode = new Map<number, InodeResources>();

export function resourcesOf(ino: number): InodeResources {
  let known = byInode.get(ino);
  if (known === undefined) {
    known = {
      ino,
      data: resource(`data:${ino}`),
      meta: resource(`meta:${ino}`),
      stat: resource(`stat:${ino}`),
      list: resource(`list:${ino}`),
      up: resource(`up:${ino}`),
      names: new Map(),
    };
    byInode.set(ino, known);
  }
  return known;
}

export function nameResource(directory: InodeResources, name: string): Resource {
  let number = directory.names.get(name);
  if (number === undefined) {
    number = resource(`name:${directory.ino}/${name}`);
    directory.names.set(name, number);
  }
  return number;
}

/** Watches are numbered by their process. */
export function watchResource(process: string, watch: number): Resource {
  return resource(`watch:${process}/${watch}`);
}

// What may be left after the power went: any part of what was not flushed. Each disk that this can leave is tried; where they
// are very many, those parts that tell most, and the verdict says so.

import type { Disk } from "../disk/disk.ts";
import type { UnsyncedItem } from "../disk/durability.ts";

export interface PowerLossChoice {
  readonly kept: readonly number[];
  /** For people: what was lost. */
  readonly sentence: string;
}

/** So many different disks may be found; each is tried. */
const MAX_DISKS = 2_000;
/** Beyond that, at most so many: nothing kept, all kept, each alone lost, each alone kept, the first so many. */
const MAX_CHOICES = 99;

/** `cut`: not every disk that can be found is among them. */
export function powerLossChoices(disk: Disk): { choices: PowerLossChoice[]; cut: boolean } {
  const items = disk.unsynced();
  const distinct = disk.distinctLosses(MAX_DISKS);
  const choices = (distinct ?? sampled(items)).map((kept) => ({
    kept,
    sentence: sentence(items.filter(({ id }) => !kept.includes(id))),
  }));
  return { choices, cut: distinct === undefined };
}

function sampled(items: readonly UnsyncedItem[]): number[][] {
  const parts = new Map<string, number[]>();
  const all = items.map(({ id }) => id);
  const add = (part: number[]): void => {
    if (parts.size < MAX_CHOICES) parts.set(part.join(), part);
  };
  add([]);
  add(all);
  for (const id of all) add(all.filter((other) => other !== id));
  for (const id of all) add([id]);
  for (const at of all.keys()) add(all.slice(0, at));
  return [...parts.values()];
}

function sentence(lost: readonly UnsyncedItem[]): string {
  return lost.length === 0 ? "nothing was lost" : `lost: ${lost.map((item) => item.sentence).join(", ")}`;
}

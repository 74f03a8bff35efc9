// What may be left after the power went: any part of what was not flushed. The parts are 2^n; beyond a few, those that
// tell most are tried, and the verdict says so.

import type { UnsyncedItem } from "../disk/durability.ts";

export interface PowerLossChoice {
  readonly kept: readonly number[];
  /** For people: what was lost. */
  readonly sentence: string;
}

/** Up to so many unflushed changes every part of them is tried. */
const ALL_PARTS_UP_TO = 4;
/** Beyond that, at most so many: nothing kept, all kept, each alone lost, each alone kept, the first so many. */
const MAX_CHOICES = 99;

export function powerLossChoices(items: readonly UnsyncedItem[]): { choices: PowerLossChoice[]; cut: boolean } {
  const parts: number[][] = [];
  const seen = new Set<string>();
  const add = (part: number[]): void => {
    const key = part.join();
    if (seen.has(key) || parts.length >= MAX_CHOICES) return;
    seen.add(key);
    parts.push(part);
  };
  const all = items.map((_, at) => at);
  if (items.length <= ALL_PARTS_UP_TO) {
    for (let mask = 0; mask < 1 << items.length; mask++) add(all.filter((at) => (mask & (1 << at)) !== 0));
  } else {
    add([]);
    add(all);
    for (const at of all) add(all.filter((other) => other !== at));
    for (const at of all) add([at]);
    for (const at of all) add(all.slice(0, at));
  }
  const choices = parts.map((part) => ({
    kept: part.map((at) => (items[at] as UnsyncedItem).id),
    sentence: sentence(items.filter((_, at) => !part.includes(at))),
  }));
  return { choices, cut: items.length > ALL_PARTS_UP_TO };
}

function sentence(lost: readonly UnsyncedItem[]): string {
  return lost.length === 0 ? "nothing was lost" : `lost: ${lost.map((item) => item.sentence).join(", ")}`;
}

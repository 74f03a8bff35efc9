// How much of the ring a peer holds, as people say it: `all`, `none`, `auto`, or a share such as 0.5.

import { HoldfastError } from "../errors.ts";

export type Replicate = "all" | "none" | "auto" | number;

const UNITS = new Map([
  ["b", 1],
  ...["kb", "mb", "gb", "tb"].map((unit, index) => [unit, 1_000 ** (index + 1)] as const),
  ...["kib", "mib", "gib", "tib"].map((unit, index) => [unit, 1_024 ** (index + 1)] as const),
]);

/** Bytes, as `500MB`, `2GiB` or `1000000`. Throws `BAD_OPTION`. */
export function parseByteCount(text: string): number {
  const [, number = "", unit = ""] = /^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$/iu.exec(text.trim()) ?? [];
  const scale = UNITS.get(unit === "" ? "b" : unit.toLowerCase());
  const bytes = Math.floor(Number(number) * (scale ?? 0));
  if (number !== "" && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new HoldfastError("BAD_OPTION", `"${text.slice(0, 40)}" is no number of bytes`, {
    hint: "Say how many, such as 500MB, 2GiB or 1000000.",
  });
}

/** Throws `BAD_OPTION`. */
export function parseReplicate(text: string): Replicate {
  if (text === "all" || text === "none" || text === "auto") return text;
  const share = Number(text);
  if (text.trim() !== "" && share >= 0 && share <= 1) return share === 0 ? "none" : share === 1 ? "all" : share;
  throw new HoldfastError("BAD_OPTION", `"${text.slice(0, 40)}" is no share of a workspace`, {
    hint: "Say all, none, auto, or a number from 0 to 1, such as 0.5.",
  });
}

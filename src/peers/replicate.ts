// How much of the ring a peer holds, as people say it: `all`, `none`, `auto`, or a share such as 0.5.

import { HoldfastError } from "../errors.ts";

export type Replicate = "all" | "none" | "auto" | number;

/** Throws `BAD_OPTION`. */
export function parseReplicate(text: string): Replicate {
  if (text === "all" || text === "none" || text === "auto") return text;
  const share = Number(text);
  if (text.trim() !== "" && share >= 0 && share <= 1) return share === 0 ? "none" : share === 1 ? "all" : share;
  throw new HoldfastError("BAD_OPTION", `"${text.slice(0, 40)}" is no share of a workspace`, {
    hint: "Say all, none, auto, or a number from 0 to 1, such as 0.5.",
  });
}

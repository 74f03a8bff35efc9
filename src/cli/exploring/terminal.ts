// How wide the lanes may be, and whether in colour.

import type { LaneOptions } from "../../explorer/telling/index.ts";

/** Beyond that nothing is gained. */
const MAX_COLUMNS = 160;

/** For stdout as it is: elsewhere than on a terminal the same everywhere, so that two runs can be compared. */
export function laneOptions(): LaneOptions {
  if (!process.stdout.isTTY) return {};
  const { NO_COLOR, TERM } = process.env;
  return {
    width: Math.min(MAX_COLUMNS, process.stdout.columns || 100),
    colour: (NO_COLOR ?? "") === "" && TERM !== "dumb",
  };
}

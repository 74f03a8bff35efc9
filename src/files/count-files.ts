// How many files lie in a folder that is not kept yet.

import { readIgnoreRules } from "./ignore-rules.ts";
import { isPresent } from "./observe.ts";
import { scan } from "./scan.ts";

/** Files and links in `folder`, but for those that are ignored. */
export async function countFiles(folder: string, signal?: AbortSignal): Promise<number> {
  let files = 0;
  for await (const slice of scan(folder, "", readIgnoreRules(folder), [], signal)) {
    files += slice.filter((item) => isPresent(item) && item.kind !== "directory").length;
  }
  return files;
}

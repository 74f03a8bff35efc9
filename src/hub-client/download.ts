// A content as a whole, over connections that may break: what came is kept, and the next request begins behind it.

import type { ContentHash } from "../entries/index.ts";
import { isHoldfastError } from "../errors.ts";
import type { HubApi } from "./hub-api.ts";

/** Breaks that are got over in one content. */
const MAX_BREAKS = 100;
/** A connection that had been silent for so long did not break, it hung: that is for whoever waits longer, ms. */
const SILENT_MS = 5_000;

/**
 * The `size` bytes of `hash`; the caller checks them. Throws what `HubApi.download` throws, `HUB_UNREACHABLE` when a
 * connection brought nothing, hung, or broke for the hundred-and-first time.
 */
export async function* downloadWhole(
  api: Pick<HubApi, "download">,
  hash: ContentHash,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for (let breaks = 0; at < size; breaks += 1) {
    const from = at;
    let heardMs = performance.now();
    try {
      for await (const chunk of api.download(hash, from)) {
        at += chunk.length;
        yield chunk;
        heardMs = performance.now();
      }
      // Shorter than its author said: the caller finds that out.
      return;
    } catch (error) {
      const isBreak =
        isHoldfastError(error, "HUB_UNREACHABLE") &&
        error.details?.reason !== "DEADLINE" && // too slow: the next connection would be no faster
        performance.now() - heardMs < SILENT_MS;
      if (!isBreak || at === from || breaks === MAX_BREAKS) throw error;
    }
  }
}

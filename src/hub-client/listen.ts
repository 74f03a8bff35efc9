// Listening: every entry from a sequence on, in order, once each, across reconnects.

import { setTimeout as pause } from "node:timers/promises";
import { Backoff } from "../coordination/index.ts";
import { isHoldfastError } from "../errors.ts";
import type { Listed } from "../hub/protocol.ts";
import type { HubApi } from "./hub-api.ts";

export interface ListenOptions {
  /** Entries after this sequence; absent: what comes from now on. */
  readonly since?: number;
  readonly topics?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told of each lost connection, before the pause. */
  readonly onReconnect?: (error: unknown, pauseMs: number) => void;
}

const RECONNECT_MS = [100, 250, 500, 1_000, 2_000, 5_000, 10_000];
/** What trying again can cure. */
const PASSING = ["HUB_UNREACHABLE", "HUB_ERROR", "LISTENER_TOO_SLOW", "RATE_LIMITED", "INTERRUPTED"] as const;

/** Ends when `signal` fires. Throws at an authentication error (HUB-32). */
export async function* listenEntries(
  api: HubApi,
  options: ListenOptions = {},
): AsyncGenerator<Listed, void, undefined> {
  const { topics, signal } = options;
  const backoff = new Backoff({ delaysMs: RECONNECT_MS });
  let since = options.since;
  while (signal?.aborted !== true) {
    try {
      for await (const event of api.events({
        ...(since === undefined ? {} : { since }),
        ...(topics === undefined ? {} : { topics }),
        ...(signal === undefined ? {} : { signal }),
      })) {
        backoff.reset();
        // From the first answer on we know our place, and a reconnect goes on exactly there.
        if (event.event === "ready") since ??= event.sequence;
        if (event.event !== "entry") continue;
        if (since !== undefined && event.entry.sequence <= since) continue;
        since = event.entry.sequence;
        yield event.entry;
      }
    } catch (error) {
      if (!PASSING.some((code) => isHoldfastError(error, code))) throw error;
      const pauseMs = backoff.next();
      options.onReconnect?.(error, pauseMs);
      await pause(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    }
  }
}

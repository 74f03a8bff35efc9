// What a workspace does with its hub: publish, subscribe, listen, invite.

import type { EntryId } from "../entries/index.ts";
import { HoldfastError, isHoldfastError } from "../errors.ts";
import type { Listed } from "../hub/protocol.ts";
import type { HubApi } from "../hub-client/hub-api.ts";
import { type ListenOptions, listenEntries } from "../hub-client/listen.ts";
import { subscribeTopics } from "../hub-client/notes.ts";
import { publishNote } from "../hub-client/publish.ts";
import type { Layout, Store } from "../store/index.ts";
import { connect, hubLinkOf } from "./connection.ts";
import { formatInvite } from "./invite.ts";
import { openSyncDb } from "./open-sync-db.ts";

export interface HubParts {
  readonly layout: Layout;
  readonly store: Store;
  readonly signal: AbortSignal;
}

/** Throws `NOT_JOINED`, `NOT_UP`. */
export function connected(layout: Layout, signal: AbortSignal): { api: HubApi; url: string } {
  const link = hubLinkOf(layout);
  return { api: connect(link, signal), url: link.url };
}

export async function publish(
  parts: HubParts & { readonly topic: string; readonly text: string; readonly key?: string },
): Promise<{ sequence: number; entry: EntryId }> {
  const { store, signal, topic, text, key } = parts;
  const { api } = connected(parts.layout, signal);
  using db = openSyncDb(parts.layout);
  return await publishNote({ store, api, db, topic, text, signal, ...(key === undefined ? {} : { key }) });
}

export function subscribe(layout: Layout, topics: readonly string[]): { topics: readonly string[] } {
  using db = openSyncDb(layout);
  return { topics: subscribeTopics(db, topics) };
}

export function listen(layout: Layout, options: ListenOptions & { signal: AbortSignal }): AsyncIterable<Listed> {
  return listenEntries(connected(layout, options.signal).api, options);
}

/** A new member token in an invite. Throws `UNAUTHORIZED` where this folder's own token may not make any. */
export async function invite(layout: Layout, signal: AbortSignal): Promise<{ invite: string }> {
  const { api, url } = connected(layout, signal);
  try {
    const { token } = await api.createToken("member");
    return { invite: formatInvite({ url, token }) };
  } catch (error) {
    if (!isHoldfastError(error, "UNAUTHORIZED")) throw error;
    throw new HoldfastError("UNAUTHORIZED", `the hub at ${url} lets only its admin invite`, {
      hint:
        "Run `holdfast invite` in the folder that serves the hub. Of a hub of its own, URL/#TOKEN is an invite: " +
        "`holdfast hub token create --data FOLDER`, with its data folder, makes a token.",
      cause: error,
    });
  }
}

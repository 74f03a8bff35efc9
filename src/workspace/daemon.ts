// `holdfast up`: keeps one folder in step with its hub until told to stop.
//
//   lock      nobody else keeps this folder (`ALREADY_UP`)
//   hub       its own, embedded, unless the folder is joined to another
//   folder    scanned and watched; from here on every save is seen (kept-folder.ts)
//   announce  daemon.json, for the other commands
// Stopping goes the same way back. A kill at any point leaves locks of a dead owner and files that nobody believes.

import { HoldfastError, toHoldfastError, withPath } from "../errors.ts";
import type { FolderEvent } from "../files/index.ts";
import { HubApi } from "../hub-client/hub-api.ts";
import { type HubLink, readHubLink } from "../hub-client/hub-link.ts";
import { invitedTo } from "../peers/workspace-key.ts";
import { initWorkspaceRecord, type OpenedWorkspace } from "../store/index.ts";
import { type DaemonRecord, removeDaemonRecord, takeDaemonLock, writeDaemonRecord } from "./daemon-record.ts";
import { type EmbeddedHub, startEmbeddedHub } from "./embedded-hub.ts";
import { openLinked } from "./join.ts";
import { KeptFolder } from "./kept-folder.ts";
import { lostLink } from "./lost-link.ts";
import type { PeeringOptions } from "./peering.ts";
import { recordGone, removeRemains, watchRecord } from "./record-watch.ts";

export type { FolderEvent };

export interface DaemonOptions {
  /** The hub to use from now on: its invite, or its URL where the token is known already. Default: the one joined, or
   *  one of the folder's own. */
  readonly hub?: string;
  /** Of an embedded hub. Default: 7460, or the next that is free. */
  readonly port?: number;
  readonly signal?: AbortSignal;
  /** Takes part among peers. */
  readonly peers?: PeeringOptions;
  /** Told what happens in the folder and what fails. */
  readonly onEvent?: (event: FolderEvent) => void;
  readonly onError?: (error: unknown) => void;
}

export interface Daemon {
  readonly record: DaemonRecord;
  /** Rejects with `LOCK_LOST` when the folder was taken from this daemon by force, with `FOLDER_GONE` when the workspace
   *  is there no more: it is to be stopped then. */
  readonly lost: Promise<never>;
  /** The keys of peers, once one is there and this folder has all that they have; none after `limitMs` without any. */
  caughtUp(limitMs: number): Promise<readonly string[]>;
  /** Sends what can be sent within a few seconds, then gives everything back. Again, it does nothing. */
  stop(): Promise<void>;
}

/** Resolves when the hub answers and the folder is scanned and watched. Throws `ALREADY_UP`, `SYNC_RUNNING`,
 *  `PORT_IN_USE`, `NOT_A_FOLDER`, `NESTED_WORKSPACE`, ...; then nothing stays behind. */
export async function startDaemon(folder: string, options: DaemonOptions = {}): Promise<Daemon> {
  const { hub: wanted, signal } = options;
  const opened =
    wanted === undefined
      ? initWorkspaceRecord(folder, invitedTo(options.peers?.bootstrap))
      : await openLinked(folder, wanted, { signal });
  const { layout } = opened;
  const undo: (() => unknown)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= undoAll(undo).finally(() => {
      if (recordGone(layout) !== undefined) removeRemains(layout);
    });
    return stopped;
  };
  try {
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => {}); // nobody may be waiting for it
    // A lock that went with the whole workspace is the lesser news.
    const lock = takeDaemonLock(layout, (error) => lost.reject(recordGone(layout) ?? error));
    undo.push(() => lock.release());
    undo.push(watchRecord(layout, lost.reject));
    const link = linkOf(opened);
    const hub = link === undefined ? await embeddedHub(opened, options, undo) : undefined;
    // Asked anew for each connection: the token may have become another one.
    const connect = (): HubApi => apiOf(hub === undefined ? readHubLink(layout) : undefined, hub);
    const { url } = connect();
    if (hub !== undefined) await connect().registerKey(opened.identity);
    const kept = await KeptFolder.start({
      opened,
      connect,
      onEvent: options.onEvent ?? (() => {}),
      onError: options.onError ?? (() => {}),
      signal,
      peers: options.peers,
      mayCarry: hub === undefined ? undefined : (author) => hub.mayCarry(author),
    });
    undo.push(() => kept.stop(recordGone(layout) === undefined ? undefined : 0));
    signal?.throwIfAborted();
    const record: DaemonRecord = {
      pid: process.pid,
      url: hub?.url ?? url,
      folder: layout.folder,
      startedAt: new Date().toISOString(),
    };
    undo.push(() => removeDaemonRecord(layout));
    writeDaemonRecord(layout, record);
    return { record, lost: lost.promise, caughtUp: (limitMs) => kept.caughtUp(limitMs, signal), stop };
  } catch (error) {
    await stop();
    throw withPath(error, layout.root);
  }
}

async function embeddedHub(
  { layout, record }: OpenedWorkspace,
  { port, onError, onEvent }: DaemonOptions,
  undo: (() => unknown)[],
): Promise<EmbeddedHub> {
  const hub = await startEmbeddedHub(layout, record, {
    ...(port === undefined ? {} : { port }),
    ...(onError === undefined ? {} : { onError }),
  });
  undo.push(() => hub.close());
  if (hub.movedFrom !== undefined) {
    const message = `port ${hub.movedFrom} is taken: the hub is at ${hub.url} now; folders that joined it need a new invite`;
    onEvent?.({ kind: "notice", message });
  }
  return hub;
}

/** Undefined for a folder that has a hub of its own. Throws `NOT_JOINED` for one that has lost its link. */
function linkOf({ layout, record }: OpenedWorkspace): HubLink | undefined {
  const link = readHubLink(layout);
  const lost = link === undefined ? lostLink(layout, record) : undefined;
  if (lost !== undefined) throw lost;
  return link;
}

function apiOf(link: HubLink | undefined, hub: EmbeddedHub | undefined): HubApi {
  if (hub !== undefined) return new HubApi({ url: hub.url, token: hub.token, fetch: hub.fetch });
  if (link === undefined) throw new HoldfastError("INTERNAL", "a daemon without a hub");
  return new HubApi(link);
}

/** Runs the steps from the last to the first; one that fails does not keep the others from being run. */
async function undoAll(steps: (() => unknown)[]): Promise<void> {
  let failure: unknown;
  for (const step of steps.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw toHoldfastError(failure);
}

// What `holdfast status` shows, put together from what each room has observed. Never waits long for a hub.

import { type ErrorCode, isHoldfastError } from "../errors.ts";
import { type FolderStatus, folderStatus } from "../files/index.ts";
import type { HubApi } from "../hub-client/hub-api.ts";
import { readHubLink } from "../hub-client/hub-link.ts";
import { type SyncStatus, syncStatus } from "../hub-client/sync-status.ts";
import type { Layout } from "../store/index.ts";
import { connect, knownHubLink } from "./connection.ts";
import { runningDaemon } from "./daemon-record.ts";
import { readSyncDb } from "./open-sync-db.ts";
import { peersNow } from "./peer-record.ts";

/** A hub that has not answered by then is shown as not answering, ms. */
const HUB_PATIENCE_MS = 2_000;
/** What only a hub that is there can say. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set(["UNAUTHORIZED", "RATE_LIMITED"]);
/** A daemon that starts makes itself another token. */
const OWN_TOKEN_HINT = "Start it again: `holdfast down`, then `holdfast up`.";

export interface HubProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export interface WorkspaceStatus {
  readonly folder: string;
  /** Of the daemon that keeps this folder; null when none does. */
  readonly pid: number | null;
  /** Null where the folder knows no hub, or its own is not running. */
  readonly hub: {
    readonly url: string;
    readonly epoch: string | null;
    /** It answered, be it with a refusal. */
    readonly reachable: boolean;
    /** Why nothing goes to and fro at the moment, as the hub was asked just now; null where it does. */
    readonly problem: HubProblem | null;
  } | null;
  /** The last of the hub's sequences taken in here. */
  readonly cursor: number;
  /** Entries at the hub that are not here yet. */
  readonly lag: number;
  /** Entries made here that are not at the hub yet. */
  readonly queue: FolderStatus["queue"];
  readonly conflicts: FolderStatus["conflicts"];
  /** Files that will not be sent by themselves, and why: `retry` tries them again. */
  readonly stopped: FolderStatus["stopped"];
  /** Files whose text the hub could not index, and why. */
  readonly failed: FolderStatus["failed"];
  /** Paths that are left alone, and why. */
  readonly refused: FolderStatus["refused"];
  /** How the daemon notices changes; null when none does. */
  readonly watch: FolderStatus["watch"] | null;
  readonly lastError: SyncStatus["lastError"];
  readonly peers: {
    readonly id: string | null;
    readonly addresses: readonly string[];
    readonly connected: readonly string[];
    /** Replicators that went silent and have not come back. */
    readonly away: readonly string[];
    readonly converged: boolean | null;
  };
}

export async function statusOf(layout: Layout, signal?: AbortSignal): Promise<WorkspaceStatus> {
  const link = knownHubLink(layout);
  using db = readSyncDb(layout);
  const seen = syncStatus(db);
  const asked = link === undefined ? undefined : await ask(layout, connect(link, deadline(signal)));
  const head = asked !== undefined && "epoch" in asked ? asked : undefined;
  const problem = asked !== undefined && "code" in asked ? asked : null;
  const { queue, conflicts, stopped, failed, refused, watch } = folderStatus(db);
  const pid = runningDaemon(layout)?.owner.pid ?? null;
  return {
    folder: layout.folder,
    pid,
    hub:
      link === undefined
        ? null
        : {
            url: link.url,
            epoch: head?.epoch ?? seen.epoch,
            reachable: problem === null || ANSWERS.has(problem.code),
            problem,
          },
    cursor: seen.cursor,
    lag: head === undefined ? seen.lag : Math.max(0, head.sequence - seen.cursor),
    queue,
    conflicts,
    stopped,
    failed,
    refused,
    watch: pid === null ? null : watch,
    lastError: seen.lastError,
    peers: peersOf(layout),
  };
}

function peersOf(layout: Layout): WorkspaceStatus["peers"] {
  const shown = peersNow(layout);
  if (shown === undefined) return { id: null, addresses: [], connected: [], away: [], converged: null };
  const { id, addresses, peers, away, converged } = shown;
  return { id, addresses, connected: peers.map(({ peer }) => peer), away, converged };
}

async function ask(layout: Layout, api: HubApi): Promise<{ epoch: string; sequence: number } | HubProblem> {
  try {
    return await api.workspace();
  } catch (error) {
    if (!isHoldfastError(error) || error.code === "INTERRUPTED") return silent(api.url);
    const { code, message } = error;
    const isOwn = code === "UNAUTHORIZED" && readHubLink(layout) === undefined;
    return { code, message, hint: isOwn ? OWN_TOKEN_HINT : (error.hint ?? "") };
  }
}

function silent(url: string): HubProblem {
  const message = `the hub at ${url} has not answered within ${HUB_PATIENCE_MS / 1_000} s`;
  return { code: "HUB_UNREACHABLE", message, hint: "Check that it runs, and the network." };
}

function deadline(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(HUB_PATIENCE_MS);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

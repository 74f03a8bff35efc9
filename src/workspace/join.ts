// Joining: a folder becomes a copy of the workspace that a hub serves.

import { existsSync, rmdirSync } from "node:fs";
import { resolve } from "node:path";
import { HoldfastError, shellWord, withPath } from "../errors.ts";
import { HubApi } from "../hub-client/hub-api.ts";
import { type HubLink, readHubLink, writeHubLink } from "../hub-client/hub-link.ts";
import {
  initWorkspaceRecord,
  Layout,
  type OpenedWorkspace,
  openWorkspaceRecord,
  refuseNoFolder,
  unmakeWorkspace,
} from "../store/index.ts";
import { runningDaemon } from "./daemon-record.ts";
import { hubLinkFor } from "./invite.ts";

export interface JoinedWorkspace extends OpenedWorkspace {
  readonly link: HubLink;
  /** The folder was no workspace before. */
  readonly created: boolean;
}

/**
 * Makes `folder` a copy of the hub's workspace and remembers hub and token. Nothing is fetched yet: `sync` does that.
 * Throws `UNAUTHORIZED`, `HUB_UNREACHABLE`, `NESTED_WORKSPACE` when the folder belongs to another workspace, `ALREADY_UP`,
 * `NOT_A_FOLDER`. On failure a folder that was no workspace is none.
 */
export async function linkFolder(folder: string, link: HubLink, signal?: AbortSignal): Promise<JoinedWorkspace> {
  refuseNoFolder(folder);
  refuseRunning(new Layout(folder), link);
  const api = new HubApi({ ...link, ...(signal === undefined ? {} : { signal }) });
  // Asked first: a hub that is not there, or a token that it does not know, leaves no trace in the folder.
  const { workspace, name, epoch } = await api.workspace();
  const wasThere = existsSync(folder);
  const isKnownCopy = knownUrl(new Layout(folder)) === api.url;
  const opened = initWorkspaceRecord(folder, { id: workspace, name, joined: true, isKnownCopy });
  const joined = { ...opened, link: { url: api.url, token: link.token } };
  try {
    await api.registerKey(opened.identity, epoch);
    writeHubLink(opened.layout, joined.link);
    return joined;
  } catch (error) {
    if (opened.created) unmake(opened.layout, wasThere);
    throw withPath(error, opened.layout.root);
  }
}

function unmake(layout: Layout, wasThere: boolean): void {
  unmakeWorkspace(layout);
  try {
    if (!wasThere) rmdirSync(layout.folder);
  } catch {
    // Somebody has put something there.
  }
}

/** The hub that the folder says it is joined to. */
function knownUrl(layout: Layout): string | undefined {
  try {
    return readHubLink(layout)?.url;
  } catch {
    return undefined; // damaged: joining is how to mend it
  }
}

/**
 * Opens `folder` as a copy of the workspace at `hub` (an invite, or a URL with `token`), joining it unless it is joined
 * there already: then the hub need not answer. Throws what `linkFolder` and `hubLinkFor` throw.
 */
export async function openLinked(
  folder: string,
  hub: string,
  options: { readonly token?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<OpenedWorkspace> {
  const layout = new Layout(resolve(folder));
  const link = hubLinkFor(layout, hub, options.token);
  refuseNoFolder(layout.folder);
  const known = readHubLink(layout);
  if (known?.url === link.url && known.token === link.token) return openWorkspaceRecord(layout.folder);
  return linkFolder(layout.folder, link, options.signal);
}

/** A daemon takes up another token for its hub by itself; it cannot go over to another hub. */
function refuseRunning(layout: Layout, link: HubLink): void {
  const running = runningDaemon(layout);
  if (running === undefined) return;
  const joined = knownUrl(layout);
  if (joined === new URL(link.url).origin) return;
  const { pid } = running.owner;
  throw new HoldfastError(
    "ALREADY_UP",
    `${layout.folder} is kept by process ${pid} in step with ${joined ?? "a hub of its own"}, not with ${link.url}`,
    {
      hint: `To go over to another hub, end that one with \`holdfast down ${shellWord(layout.folder)}\`, then join.`,
      details: { pid, url: running.record?.url ?? null, folder: layout.folder },
    },
  );
}

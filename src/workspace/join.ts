// Joining: a folder becomes a copy of the workspace that a hub serves.

import { resolve } from "node:path";
import { HoldfastError } from "../errors.ts";
import { HubApi } from "../hub-client/hub-api.ts";
import { type HubLink, readHubLink, writeHubLink } from "../hub-client/hub-link.ts";
import { initWorkspaceRecord, Layout, type OpenedWorkspace, openWorkspaceRecord } from "../store/index.ts";
import { runningDaemon } from "./daemon-record.ts";
import { hubLinkFor } from "./invite.ts";

export interface JoinedWorkspace extends OpenedWorkspace {
  readonly link: HubLink;
}

/**
 * Makes `folder` a copy of the hub's workspace and remembers hub and token. Nothing is fetched yet: `sync` does that.
 * Throws `UNAUTHORIZED`, `HUB_UNREACHABLE`, `NESTED_WORKSPACE` when the folder belongs to another workspace, `ALREADY_UP`.
 */
export async function linkFolder(folder: string, link: HubLink, signal?: AbortSignal): Promise<JoinedWorkspace> {
  refuseRunning(new Layout(folder));
  const api = new HubApi({ ...link, ...(signal === undefined ? {} : { signal }) });
  // Asked first: a hub that is not there, or a token that it does not know, leaves no trace in the folder.
  const { workspace, name, epoch } = await api.workspace();
  const opened = initWorkspaceRecord(folder, { id: workspace, name });
  await api.registerKey(opened.identity, epoch);
  writeHubLink(opened.layout, { url: api.url, token: link.token });
  return { ...opened, link: { url: api.url, token: link.token } };
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
  const known = readHubLink(layout);
  if (known?.url === link.url && known.token === link.token) return openWorkspaceRecord(layout.folder);
  return linkFolder(layout.folder, link, options.signal);
}

function refuseRunning(layout: Layout): void {
  const running = runningDaemon(layout);
  if (running === undefined) return;
  throw new HoldfastError("ALREADY_UP", `${layout.folder} is kept by process ${running.owner.pid} already`, {
    hint: "End that one with `holdfast down`, then join.",
    details: { pid: running.owner.pid, url: running.record?.url ?? null, folder: layout.folder },
  });
}

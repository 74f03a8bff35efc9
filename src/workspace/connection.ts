// Which hub a folder talks to, and with which token: the one it is joined to, or its own while that runs.

import { HoldfastError, shellWord } from "../errors.ts";
import { HubApi } from "../hub-client/hub-api.ts";
import { type HubLink, readHubLink } from "../hub-client/hub-link.ts";
import { type Layout, openWorkspaceRecord } from "../store/index.ts";
import { runningDaemon } from "./daemon-record.ts";
import { lostLink } from "./lost-link.ts";
import { hasOwnHubData, readOwnToken } from "./own-token.ts";

/** Throws `NOT_JOINED` when the folder has no hub at all, `NOT_UP` when its own is not running. */
export function hubLinkOf(layout: Layout): HubLink {
  const link = knownHubLink(layout);
  if (link !== undefined) return link;
  const lost = lostLink(layout, openWorkspaceRecord(layout.folder).record);
  if (lost !== undefined) throw lost;
  if (hasOwnHubData(layout)) {
    throw new HoldfastError("NOT_UP", `the hub of ${layout.folder} is not running`, {
      hint: `Start it with \`holdfast up ${shellWord(layout.folder)} --detach\`.`,
    });
  }
  throw new HoldfastError("NOT_JOINED", `${layout.folder} is joined to no hub`, {
    hint: `Join one with \`holdfast join INVITE ${shellWord(layout.folder)}\`, or start its own with \`holdfast up ${shellWord(layout.folder)}\`.`,
  });
}

/** The same, or undefined where that throws. */
export function knownHubLink(layout: Layout): HubLink | undefined {
  const link = readHubLink(layout);
  if (link !== undefined) return link;
  const url = runningDaemon(layout)?.record?.url;
  const token = readOwnToken(layout);
  return url === undefined || token === undefined ? undefined : { url, token };
}

export function connect(link: HubLink, signal?: AbortSignal): HubApi {
  return new HubApi({ url: link.url, token: link.token, ...(signal === undefined ? {} : { signal }) });
}

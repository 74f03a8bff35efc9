// Invites: `http://HOST:PORT/#TOKEN`, a hub's address and a token in one line that can be passed on.

import { HoldfastError } from "../errors.ts";
import { type HubLink, readHubLink } from "../hub-client/hub-link.ts";
import type { Layout } from "../store/index.ts";

export function formatInvite({ url, token }: HubLink): string {
  return `${url}/#${token}`;
}

/** Throws `BAD_INVITE`. */
export function parseInvite(text: string): HubLink {
  const link = readInvite(text);
  if (link !== undefined) return link;
  throw new HoldfastError("BAD_INVITE", `${JSON.stringify(text.slice(0, 80))} is not an invite`, {
    hint: "An invite looks like http://HOST:PORT/#TOKEN; copy the whole line that `holdfast invite` printed, in quotes.",
  });
}

/** The link that `--hub` means: an invite, or the URL of a hub whose token this folder or `HOLDFAST_TOKEN` has. */
export function hubLinkFor(layout: Layout, hub: string, token = process.env.HOLDFAST_TOKEN): HubLink {
  const invited = readInvite(hub);
  if (invited !== undefined) return invited;
  let url: URL | undefined;
  try {
    url = new URL(hub);
  } catch {
    url = undefined;
  }
  if (url === undefined || !isHttp(url)) {
    throw new HoldfastError("BAD_OPTION", `${JSON.stringify(hub.slice(0, 80))} is not the URL of a hub`, {
      hint: "A hub's URL looks like http://127.0.0.1:7460.",
    });
  }
  const known = token ?? readHubLink(layout)?.token;
  if (known !== undefined && known !== "") return { url: url.origin, token: known };
  throw new HoldfastError("UNAUTHORIZED", `there is no token for the hub at ${url.origin}`, {
    hint: "Give its invite (http://HOST:PORT/#TOKEN) instead of its URL, or set HOLDFAST_TOKEN.",
  });
}

function readInvite(text: string): HubLink | undefined {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return undefined;
  }
  const token = url.hash.slice(1);
  const isPlain = isHttp(url) && url.pathname === "/" && url.search === "" && url.username === "";
  return isPlain && /^[A-Za-z0-9_-]{16,200}$/.test(token) ? { url: url.origin, token } : undefined;
}

function isHttp(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}

// Which hub a folder is joined to, and the token it uses there: `.holdfast/hub-link.json`, readable by its owner only.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError, systemCode } from "../errors.ts";
import { type Layout, replaceFile } from "../store/index.ts";

export interface HubLink {
  /** `http://HOST:PORT` */
  readonly url: string;
  readonly token: string;
}

/** Undefined when the folder is joined to no hub. Throws `CORRUPT`. */
export function readHubLink(layout: Layout): HubLink | undefined {
  const path = linkFile(layout);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const link = JSON.parse(text) as HubLink;
    if (typeof link.url !== "string" || typeof link.token !== "string") throw new TypeError("no url and token in it");
    return { url: link.url, token: link.token };
  } catch (error) {
    throw new HoldfastError("CORRUPT", `${path} is damaged`, {
      hint: "Join again with `holdfast join INVITE`; nothing in the folder is lost.",
      details: { path },
      cause: error,
    });
  }
}

export function writeHubLink(layout: Layout, link: HubLink): void {
  replaceFile(linkFile(layout), `${JSON.stringify({ url: link.url, token: link.token }, null, 2)}\n`, { mode: 0o600 });
}

function linkFile(layout: Layout): string {
  return join(layout.root, "hub-link.json");
}

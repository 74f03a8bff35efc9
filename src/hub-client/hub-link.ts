// Which hub a folder is joined to, and the token it uses there: `.holdfast/hub-link.json`, readable by its owner only.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError, shellWord, systemCode } from "../errors.ts";
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
    return readLink(JSON.parse(text));
  } catch (error) {
    throw new HoldfastError("CORRUPT", `${path} is damaged: ${error instanceof Error ? error.message : error}`, {
      hint: `Join again with \`holdfast join INVITE ${shellWord(layout.folder)}\`; nothing in the folder is lost.`,
      details: { path },
      cause: error,
    });
  }
}

export function writeHubLink(layout: Layout, link: HubLink): void {
  replaceFile(linkFile(layout), `${JSON.stringify({ url: link.url, token: link.token }, null, 2)}\n`, { mode: 0o600 });
}

function readLink(value: unknown): HubLink {
  const { url, token } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof url !== "string" || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TypeError("`url` is not the URL of a hub");
  }
  // What no header can carry would be found out at the first request, as something else.
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) throw new TypeError("`token` is not a token");
  return { url, token };
}

function linkFile(layout: Layout): string {
  return join(layout.root, "hub-link.json");
}

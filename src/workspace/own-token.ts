// The token by which a folder talks to its own embedded hub: the hub's first admin token, kept in
// `.holdfast/hub/own-token.json` (mode 0600).
//
// One that is minted at each start and revoked at each stop would pile up in the token list after kills, and other
// commands of the folder (`invite`, `publish`, `status`) would have none to use.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Layout, replaceFile } from "../store/index.ts";

/** True when this folder has had a hub of its own. */
export function hasOwnHubData(layout: Layout): boolean {
  return existsSync(join(layout.hub, "hub.db"));
}

/** The token kept for this folder's own hub, or undefined. */
export function readOwnToken(layout: Layout): string | undefined {
  return readOwn(layout).token;
}

/** Where this folder's own hub was reached last: folders that have joined it know no other place. */
export function readOwnPort(layout: Layout): number | undefined {
  return readOwn(layout).port;
}

export function writeOwn(layout: Layout, own: { readonly token: string; readonly port: number }): void {
  replaceFile(ownTokenFile(layout), `${JSON.stringify(own)}\n`, { mode: 0o600 });
}

function readOwn(layout: Layout): { token: string | undefined; port: number | undefined } {
  try {
    const { token, port } = JSON.parse(readFileSync(ownTokenFile(layout), "utf8")) as { token: unknown; port: unknown };
    return {
      token: typeof token === "string" ? token : undefined,
      port: Number.isInteger(port) ? (port as number) : undefined,
    };
  } catch {
    return { token: undefined, port: undefined }; // lost or damaged: the next start makes another
  }
}

function ownTokenFile(layout: Layout): string {
  return join(layout.hub, "own-token.json");
}

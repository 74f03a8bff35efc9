// The key of a workspace: `.holdfast/workspace-key`, 64 hexadecimal digits, readable by its owner only. And the line by which it is
// passed on: an address of a peer, and behind a `#` the key and the workspace's id.

import { readFileSync } from "node:fs";
import { HoldfastError, systemCode, withPath } from "../errors.ts";
import { createFile, type Layout } from "../store/index.ts";
import { TopicKey } from "./topic-key.ts";

const KEY_BYTES = 32;
const ID_BYTES = 16;

export interface PeerInvite {
  /** A multiaddr. */
  readonly address: string;
  /** Absent: an address alone, for whoever has the key already. */
  readonly workspace?: { readonly id: string; readonly key: Uint8Array };
}

/** Undefined when the workspace has none yet. Throws `CORRUPT`. */
export function readWorkspaceKey(layout: Layout): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(layout.workspaceKeyFile, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw withPath(error, layout.workspaceKeyFile);
  }
  if (/^[0-9a-f]{64}\n?$/.test(text)) return Buffer.from(text.trim(), "hex");
  throw new HoldfastError("CORRUPT", `${layout.workspaceKeyFile} does not hold a key`, {
    hint: "Move it away, and start with `--bootstrap` and an invite from a peer, which has the key in it.",
    details: { path: layout.workspaceKeyFile },
  });
}

/** The key, made when there is none: of several processes that make one, all get the same. */
export function ensureWorkspaceKey(layout: Layout): Uint8Array {
  const known = readWorkspaceKey(layout);
  if (known !== undefined) return known;
  createFile(layout.workspaceKeyFile, `${Buffer.from(TopicKey.random()).toString("hex")}\n`, 0o600);
  const made = readWorkspaceKey(layout);
  if (made === undefined) throw new HoldfastError("INTERNAL", `${layout.workspaceKeyFile} vanished while it was made`);
  return made;
}

/** Keeps the key of an invite. Throws `BAD_INVITE` when this workspace has another. */
export function keepWorkspaceKey(layout: Layout, key: Uint8Array): void {
  const known = readWorkspaceKey(layout);
  if (known === undefined) createFile(layout.workspaceKeyFile, `${Buffer.from(key).toString("hex")}\n`, 0o600);
  const kept = readWorkspaceKey(layout);
  if (kept !== undefined && Buffer.from(kept).equals(key)) return;
  throw new HoldfastError("BAD_INVITE", `${layout.folder} has another key than the invite`, {
    hint: `Peers meet by one key. If the invite's is the right one, move ${layout.workspaceKeyFile} away and start again.`,
  });
}

export function formatPeerInvite(address: string, id: string, key: Uint8Array): string {
  const bytes = Buffer.concat([key, Buffer.from(id.replaceAll("-", ""), "hex")]);
  return `${address}#${bytes.toString("base64url")}`;
}

/** Throws `BAD_INVITE` when what is behind the `#` is no key. */
export function parsePeerInvite(text: string): PeerInvite {
  const [address = "", secret, ...rest] = text.trim().split("#");
  if (secret === undefined) return { address };
  const bytes = Buffer.from(secret, "base64url");
  if (rest.length > 0 || bytes.length !== KEY_BYTES + ID_BYTES || bytes.toString("base64url") !== secret) {
    throw new HoldfastError("BAD_INVITE", `what is behind the # in ${JSON.stringify(address.slice(0, 80))} is no key`, {
      hint: "Copy the whole line that `holdfast peer address` printed, in quotes.",
    });
  }
  const hex = bytes.subarray(KEY_BYTES).toString("hex");
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  return { address, workspace: { id, key: bytes.subarray(0, KEY_BYTES) } };
}

/** True for an address of a peer with the key of a workspace. Throws `BAD_INVITE` for one whose key is damaged. */
export function isPeerInvite(text: string): boolean {
  return text.trim().startsWith("/") && parsePeerInvite(text).workspace !== undefined;
}

/** Addresses and invites as people give them: one text may have several lines, as `holdfast peer address` prints them. Throws
 *  `BAD_INVITE`. */
export function parsePeerInvites(texts: readonly string[]): PeerInvite[] {
  const lines = texts.flatMap((text) => text.trim().split(/\s+/));
  if (!lines.includes("")) return lines.map(parsePeerInvite);
  throw new HoldfastError("BAD_INVITE", "the address of a peer is empty", {
    hint: "Give what `holdfast peer address` printed, in quotes. It prints nothing but an error where nobody takes part.",
  });
}

/** Of several addresses of one peer, the one to pass on: what others can reach most likely, and over the least. */
export function bestInvite(invites: readonly string[]): string | undefined {
  const cost = (invite: string): number =>
    [/^\/ip[46]\/(127\.|::1\/)/, /\/p2p-circuit/, /^\/ip6\//, /\/wss?(\/|#|$)/].reduce(
      (sum, pattern, index) => sum + (pattern.test(invite) ? 2 ** (3 - index) : 0),
      0,
    );
  return invites.toSorted((a, b) => cost(a) - cost(b))[0];
}

/** The workspace that the first invite among these addresses is to: a folder that is none yet becomes a copy of it. Throws `BAD_INVITE`. */
export function invitedTo(addresses: readonly string[] = []): { id?: string } {
  const id = parsePeerInvites(addresses)
    .map(({ workspace }) => workspace?.id)
    .find((one) => one !== undefined);
  return id === undefined ? {} : { id };
}

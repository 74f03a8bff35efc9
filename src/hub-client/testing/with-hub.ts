// For tests: a hub in this process, served over real HTTP, and typed clients on it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { HubEvent } from "../../hub/index.ts";
import { type StartedHub, type StartOptions, startHub } from "../../hub/index.ts";
import type { SampleAuthor, Written } from "../../hub/testing/sample-author.ts";
import { HubApi } from "../hub-api.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-hub-http-"));
after(() => rmSync(root, { recursive: true, force: true }));
let dirs = 0;
/** A folder that is there until the tests of the file have run. */
export const newDir = (): string => {
  dirs += 1;
  return join(root, String(dirs));
};

export interface Running {
  readonly dir: string;
  readonly served: StartedHub;
  readonly admin: HubApi;
  member(author?: SampleAuthor, signal?: AbortSignal): Promise<{ api: HubApi; id: string; token: string }>;
}

/** A hub while `body` runs, with typed clients on it. */
export async function withHub(
  body: (running: Running) => Promise<void>,
  options: Partial<StartOptions> = {},
): Promise<void> {
  const dir = newDir();
  const served = await startHub({
    dir,
    port: 0,
    workspace: { id: "w", name: "test" },
    requestsPerSecond: 100_000,
    ...options,
  });
  try {
    const admin = new HubApi({ url: served.url, token: served.adminToken ?? "" });
    const member: Running["member"] = async (author, signal) => {
      const { id, token } = await served.storage.tokens.create("member");
      const api = new HubApi({ url: served.url, token, ...(signal && { signal }) });
      if (author !== undefined) await api.registerKey(author.identity);
      return { api, id, token };
    };
    await body({ dir, served, admin, member });
  } finally {
    await served.close();
  }
}

/** As `HubApi.append` takes it. */
export const outgoing = ({ entry, content }: Written): { block: Uint8Array; content?: Uint8Array } => ({
  block: entry.block,
  ...(content && { content }),
});

/** The sequences of the entries seen, until `last` is. */
export async function sequencesUntil(events: AsyncIterable<HubEvent>, last: number): Promise<number[]> {
  const seen: number[] = [];
  for await (const event of events) {
    if (event.event === "entry") seen.push(event.entry.sequence);
    if ((seen.at(-1) ?? 0) >= last) break;
  }
  return seen;
}

export const oneTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

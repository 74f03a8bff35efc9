// Append, pages, and the event stream.

import { encode } from "@ipld/dag-cbor";
import { notesOf } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { checkAppend, readAppend } from "./entry-checks.ts";
import { badRequest, HttpFailure } from "./http-failure.ts";
import type { HubApp, HubParts } from "./hub.ts";
import { listedOf } from "./listed.ts";
import { type AppendResponse, CBOR, EVENT_STREAM, type ListedPage, PAGE_CONTENT_BYTES, type Page } from "./protocol.ts";
import { withBody } from "./request-body.ts";
import { describeEntryRoutes } from "./routes-described.ts";
import type { AppendOutcome, StoredEntry } from "./storage.ts";

/** Topics and collections in one filter, at the most. */
const MAX_FILTERS = 1_000;

export function addEntryRoutes(app: HubApp, { storage, limits, queue, listeners, bodies }: HubParts): void {
  describeEntryRoutes(app);

  app.post("/v1/entries", async (c) => {
    if (!(c.req.header("content-type") ?? "").startsWith(CBOR)) throw badRequest(`the body is to be ${CBOR}`);
    const response = await withBody(c.req.raw, limits.batchBytes, bodies, async (bytes) => {
      const authors = await storage.tokens.authors(c.var.token.id);
      const batch = await checkAppend(readAppend(bytes, limits), authors, limits);
      if (batch.entries.length === 0) {
        return { epoch: storage.epoch, sequence: await storage.entries.head(), results: [] };
      }
      return appended(storage.epoch, await queue.append(batch));
    });
    return c.json(response);
  });

  app.get("/v1/entries", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const isCbor = (c.req.header("accept") ?? "").includes(CBOR);
    const collections = filterOf(query);
    const { head, next, entries } = await storage.entries.scan({
      since: countOf(query, "since") ?? 0,
      limit: Math.min(limits.batchEntries, Math.max(1, countOf(query, "limit") ?? limits.batchEntries)),
      load: isCbor ? (query.get("contents") === "inline" ? "inline" : "blocks") : "listed",
      contentBytes: PAGE_CONTENT_BYTES,
      ...(collections && { collections }),
    });
    const page = { epoch: storage.epoch, sequence: head, next };
    if (!isCbor) return c.json({ ...page, entries: entries.map(listedOf) } satisfies ListedPage);
    const body = encode({ ...page, entries: entries.map(pageEntryOf) } satisfies Page);
    return new Response(body, { headers: { "content-type": CBOR } });
  });

  app.get("/v1/events", (c) => {
    const query = new URL(c.req.url).searchParams;
    const outgoing = c.env.outgoing;
    const stream = listeners.listen({
      tokenId: c.var.token.id,
      since: countOf(query, "since"),
      collections: filterOf(query),
      data: query.get("data") === "wake" ? "wake" : "entries",
      disconnect: () => {
        if (outgoing?.writableFinished === false) outgoing.destroy();
      },
    });
    const headers = { "content-type": EVENT_STREAM, "cache-control": "no-store", "transfer-encoding": "chunked" };
    return new Response(stream, { headers });
  });
}

function appended(epoch: string, outcome: AppendOutcome): AppendResponse {
  switch (outcome.outcome) {
    case "appended":
      return { epoch, sequence: outcome.head, results: outcome.results };
    case "conflicts": {
      const { conflicts } = outcome;
      const code = conflicts[0]?.reason ?? "STALE_BASE";
      throw new HoldfastError(code, `${conflicts.length} of the entries do not build on what the hub has`, {
        hint: "Look at `details.conflicts`, take in what is there now, and try again.",
        details: { conflicts },
      });
    }
    case "missing":
      throw new HttpFailure(422, "CONTENT_MISSING", `${outcome.hashes.length} contents are not here`, {
        hint: "Bring them by PUT /v1/contents/HASH, or inside the append where they are small.",
        details: { missing: outcome.hashes },
      });
    case "wrong-size":
      throw new HoldfastError(
        "BAD_ENTRY",
        `an entry names a size that its content (${outcome.size} bytes) does not have`,
        {
          hint: "Make the entry again from the content.",
          details: { index: outcome.index, size: outcome.size },
        },
      );
    case "failed":
      throw outcome.error;
  }
}

function pageEntryOf({ sequence, block, content }: StoredEntry): Page["entries"][number] {
  return content === undefined ? { sequence, block } : { sequence, block, content };
}

function countOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw badRequest(`\`${name}\` is not a number from 0`);
  return value;
}

/** The collections asked for, topics among them; undefined: all. Throws `BAD_NAME`. */
function filterOf(query: URLSearchParams): string[] | undefined {
  const filter = [...query.getAll("topic").map(notesOf), ...query.getAll("collection")];
  if (filter.length > MAX_FILTERS) throw badRequest(`more than ${MAX_FILTERS} topics and collections`);
  return filter.length === 0 ? undefined : filter;
}

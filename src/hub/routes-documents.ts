// How far documents are indexed, and search.

import { createRoute, z } from "@hono/zod-openapi";
import type { EntryId } from "../entries/index.ts";
import type { HubApp, HubParts } from "./hub.ts";
import { answer, documentStatusSchema, failure, searchResponseSchema } from "./schemas.ts";

const MAX_RESULTS = 1_000;
const DEFAULT_RESULTS = 50;
const MAX_QUERY_CHARS = 1_000;

export function addDocumentRoutes(app: HubApp, { storage, limits }: HubParts): void {
  const docs = z.array(z.string().max(200)).max(limits.batchEntries);
  const statusRoute = createRoute({
    method: "post",
    path: "/v1/documents/status",
    request: { body: { required: true, content: { "application/json": { schema: z.object({ docs }) } } } },
    responses: { 200: answer(documentStatusSchema, "Of the known ones among them."), 400: failure },
  });
  app.openapi(statusRoute, async (c) => {
    const asked = c.req.valid("json").docs as EntryId[];
    return c.json({ documents: await storage.texts.status(asked) }, 200);
  });

  const searchRoute = createRoute({
    method: "get",
    path: "/v1/search",
    request: {
      query: z.object({
        q: z.string().max(MAX_QUERY_CHARS),
        prefix: z.string().optional(),
        collection: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(MAX_RESULTS).optional(),
      }),
    },
    responses: { 200: answer(searchResponseSchema, "Matching lines of live heads, best first."), 400: failure },
  });
  app.openapi(searchRoute, async (c) => {
    const { q, prefix, collection, limit } = c.req.valid("query");
    const results = await storage.texts.search({
      words: q,
      limit: limit ?? DEFAULT_RESULTS,
      ...(prefix === undefined ? {} : { prefix }),
      ...(collection === undefined ? {} : { collection }),
    });
    return c.json({ results }, 200);
  });
}

// The OpenAPI description of the routes that stream or speak CBOR, which the JSON framework cannot describe by itself.

import { z } from "@hono/zod-openapi";
import type { HubApp } from "./hub.ts";
import { CBOR, EVENT_STREAM } from "./protocol.ts";
import { answer, appendResponseSchema, failure, hashSchema, listedPageSchema } from "./schemas.ts";

const bytes = z.string().openapi({ format: "binary" });
const pageQuery = z.object({
  since: z.coerce.number().int().min(0).optional(),
  topic: z.array(z.string()).optional(),
  collection: z.array(z.string()).optional(),
});

export function describeEntryRoutes({ openAPIRegistry: registry }: HubApp): void {
  registry.registerPath({
    method: "post",
    path: "/v1/entries",
    description: "Appends all entries or none. DAG-CBOR: {entries: [block], contents: {hash: bytes}}.",
    request: { body: { required: true, content: { [CBOR]: { schema: bytes } } } },
    responses: {
      200: answer(appendResponseSchema, "Appended, or already there (`repeated`). Durable."),
      400: failure,
      401: failure,
      403: failure,
      409: failure,
      413: failure,
      422: failure,
      429: failure,
      503: failure,
      507: failure,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/v1/entries",
    description: `Entries after \`since\`, in order. With Accept: ${CBOR} the blocks, and contents with contents=inline.`,
    request: {
      query: pageQuery.extend({
        limit: z.coerce.number().int().min(1).optional(),
        contents: z.literal("inline").optional(),
      }),
    },
    responses: {
      200: {
        description: "`next` is where to go on from.",
        content: { "application/json": { schema: listedPageSchema }, [CBOR]: { schema: bytes } },
      },
      400: failure,
      401: failure,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/v1/events",
    description: "Server-sent events: ready, then entry (or head, with data=wake) in order; error is the last.",
    request: { query: pageQuery.extend({ data: z.literal("wake").optional() }) },
    responses: {
      200: { description: "The stream.", content: { [EVENT_STREAM]: { schema: z.string() } } },
      401: failure,
    },
  });
}

export function describeContentRoutes({ openAPIRegistry: registry }: HubApp): void {
  const path = "/v1/contents/{hash}";
  const params = z.object({ hash: hashSchema });
  const content = { "application/octet-stream": { schema: bytes } };
  registry.registerPath({
    method: "get",
    path,
    description: "The bytes of a content; Range is understood.",
    request: { params },
    responses: {
      200: { description: "All of it.", content },
      206: { description: "A part of it.", content },
      404: failure,
      416: failure,
    },
  });
  registry.registerPath({
    method: "head",
    path,
    description: "Whether it is here whole; if not, Upload-Offset tells how far an upload came.",
    request: { params },
    responses: { 200: { description: "It is." }, 404: { description: "It is not." } },
  });
  registry.registerPath({
    method: "put",
    path,
    description: "Brings a content; Content-Range goes on from Upload-Offset.",
    request: { params, body: { required: true, content } },
    responses: {
      204: { description: "It is here, whole and durable." },
      400: failure,
      413: failure,
      422: failure,
      507: failure,
    },
  });
}

// Contents by hash: which are missing, bring one, fetch one.

import { createRoute, z } from "@hono/zod-openapi";
import { HoldfastError } from "../errors.ts";
import { badRequest, HttpFailure } from "./http-failure.ts";
import type { HubApp, HubParts } from "./hub.ts";
import { bodyChunks } from "./request-body.ts";
import { describeContentRoutes } from "./routes-described.ts";
import { answer, failure, hashSchema } from "./schemas.ts";
import { type ContentWrite, UploadMovedError } from "./storage.ts";

export function addContentRoutes(app: HubApp, { storage, limits }: HubParts): void {
  describeContentRoutes(app);
  const { contents } = storage;

  const missingRoute = createRoute({
    method: "post",
    path: "/v1/contents/missing",
    request: {
      body: {
        required: true,
        content: {
          "application/json": { schema: z.object({ hashes: z.array(hashSchema).max(limits.batchEntries) }) },
        },
      },
    },
    responses: { 200: answer(z.object({ missing: z.array(z.string()) }), "Those not here."), 400: failure },
  });
  app.openapi(missingRoute, async (c) => c.json({ missing: await contents.missing(c.req.valid("json").hashes) }, 200));

  app.put("/v1/contents/:hash", async (c) => {
    const hash = hashOf(c.req.param("hash"));
    const place = placeOf(c.req.header("content-range"), c.req.header("content-length"));
    if ((place.total ?? 0) > limits.fileBytes) {
      throw new HoldfastError("TOO_LARGE", `a content of ${place.total} bytes is over ${limits.fileBytes}`, {
        hint: "Split it, or leave it out of the workspace.",
        details: { limit: limits.fileBytes },
      });
    }
    try {
      await contents.write(hash, bodyChunks(c.req.raw), { ...place, maxBytes: limits.fileBytes });
    } catch (error) {
      if (!(error instanceof UploadMovedError)) throw error;
      throw new HttpFailure(409, error.code, error.message, { details: { ...error.details } });
    }
    return c.body(null, 204);
  });

  app.get("/v1/contents/:hash", async (c) => {
    const hash = hashOf(c.req.param("hash"));
    const size = await contents.size(hash);
    if (c.req.raw.method === "HEAD") {
      if (size !== undefined) return new Response(null, { headers: headersOf(size) });
      return new Response(null, {
        status: 404,
        headers: { "upload-offset": String(await contents.partialSize(hash)) },
      });
    }
    if (size === undefined) throw missing(hash);
    const range = rangeOf(c.req.header("range"), size);
    const chunks = await contents.read(hash, range?.from ?? 0, range?.to ?? size);
    if (chunks === undefined) throw missing(hash);
    const body = ReadableStream.from(chunks) as ReadableStream<Uint8Array>;
    if (range === undefined) return new Response(body, { headers: headersOf(size) });
    return new Response(body, {
      status: 206,
      headers: {
        ...headersOf(range.to - range.from),
        "content-range": `bytes ${range.from}-${range.to - 1}/${size}`,
      },
    });
  });
}

function headersOf(length: number): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(length),
    "accept-ranges": "bytes",
    // Bytes that name themselves never change.
    "cache-control": "private, immutable, max-age=31536000",
  };
}

function hashOf(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw badRequest("a content is named by 64 lower-case hex digits");
}

function missing(hash: string): HoldfastError {
  return new HoldfastError("CONTENT_MISSING", `the content ${hash} is not here`, {
    hint: "Whoever has it can bring it by PUT.",
    details: { missing: [hash] },
  });
}

function placeOf(range: string | undefined, length: string | undefined): Omit<ContentWrite, "maxBytes"> {
  if (range === undefined) return { offset: 0, total: length === undefined ? undefined : Number(length) };
  const [, from, to, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range) ?? [];
  if (from === undefined || Number(to) + 1 !== Number(total) || Number(from) > Number(to)) {
    throw badRequest("Content-Range is to be `bytes FROM-LAST/TOTAL`, and to reach the end");
  }
  return { offset: Number(from), total: Number(total) };
}

/** The part that a Range header asks for; undefined: everything. Throws 416. */
function rangeOf(header: string | undefined, size: number): { from: number; to: number } | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (from < to) return { from, to };
  throw new HttpFailure(
    416,
    "BAD_REQUEST",
    `there is nothing at ${header}`,
    {},
    { "content-range": `bytes */${size}` },
  );
}

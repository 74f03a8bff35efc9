// The JSON shapes of the protocol as zod schemas: what is checked on the way in, and what the OpenAPI description says.

import { z } from "@hono/zod-openapi";

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits");
export const roleSchema = z.enum(["admin", "member"]);

export const errorSchema = z
  .object({
    error: z.string(),
    code: z.string(),
    hint: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi("Error");

export const workspaceSchema = z
  .object({
    workspace: z.string(),
    name: z.string(),
    epoch: z.string(),
    sequence: z.number().int(),
    role: roleSchema,
    limits: z.object({
      noteBytes: z.number().int(),
      fileBytes: z.number().int(),
      batchEntries: z.number().int(),
      inlineBytes: z.number().int(),
      batchBytes: z.number().int(),
    }),
  })
  .openapi("Workspace");

export const keyRegistrationSchema = z.object({ publicKey: hashSchema, proof: z.base64().max(200) }).openapi("Key");

export const appendResponseSchema = z
  .object({
    epoch: z.string(),
    sequence: z.number().int(),
    results: z.array(z.object({ id: z.string(), sequence: z.number().int(), repeated: z.boolean() })),
  })
  .openapi("Appended");

export const listedSchema = z
  .object({
    sequence: z.number().int(),
    id: z.string(),
    collection: z.string(),
    name: z.string(),
    kind: z.enum(["put", "delete", "rename"]),
    author: z.string(),
    time: z.string(),
    text: z.string().optional(),
  })
  .openapi("Entry");

export const listedPageSchema = z
  .object({
    epoch: z.string(),
    sequence: z.number().int(),
    next: z.number().int(),
    entries: z.array(listedSchema),
  })
  .openapi("Page");

export const documentStatusSchema = z
  .object({
    documents: z.array(
      z.object({
        doc: z.string(),
        entry: z.string(),
        sequence: z.number().int(),
        state: z.enum(["queued", "indexing", "done", "failed"]),
        reason: z.string().optional(),
      }),
    ),
  })
  .openapi("DocumentStates");

export const searchResponseSchema = z
  .object({
    results: z.array(
      z.object({
        collection: z.string(),
        name: z.string(),
        doc: z.string().nullable(),
        entry: z.string(),
        line: z.number().int(),
        text: z.string(),
        score: z.number(),
      }),
    ),
  })
  .openapi("Found");

export const newTokenSchema = z.object({ id: z.string(), token: z.string() }).openapi("NewToken");

export const tokensSchema = z
  .object({
    tokens: z.array(
      z.object({ id: z.string(), role: roleSchema, createdAt: z.string(), revokedAt: z.string().nullable() }),
    ),
  })
  .openapi("Tokens");

/** An answer's entry in the OpenAPI description. */
export function answer<T extends z.ZodType>(
  schema: T,
  description: string,
): { description: string; content: { "application/json": { schema: T } } } {
  return { description, content: { "application/json": { schema } } };
}

export const failure = answer(errorSchema, "Refused; `code` says why.");

// The workspace itself, the keys of its authors, and its tokens.

import { createRoute, z } from "@hono/zod-openapi";
import { verifyBytes } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { HttpFailure } from "./http-failure.ts";
import type { HubApp, HubParts } from "./hub.ts";
import { KEY_REGISTRATION_CONTEXT } from "./protocol.ts";
import {
  answer,
  failure,
  keyRegistrationSchema,
  newTokenSchema,
  roleSchema,
  tokensSchema,
  workspaceSchema,
} from "./schemas.ts";
import type { KnownToken } from "./storage.ts";

/** Says that the hub answers; needs no token. */
export function addHealthRoute(app: HubApp): void {
  const healthRoute = createRoute({
    method: "get",
    path: "/healthz",
    security: [],
    responses: { 200: answer(z.object({ ok: z.boolean() }), "It answers.") },
  });
  app.openapi(healthRoute, (c) => c.json({ ok: true }, 200));
}

export function addWorkspaceRoutes(app: HubApp, { storage, limits }: HubParts): void {
  const workspaceRoute = createRoute({
    method: "get",
    path: "/v1/workspace",
    responses: { 200: answer(workspaceSchema, "This hub's workspace, head and limits."), 401: failure },
  });
  app.openapi(workspaceRoute, async (c) => {
    const { id, name } = storage.workspace;
    const sequence = await storage.entries.head();
    return c.json({ workspace: id, name, epoch: storage.epoch, sequence, role: c.var.token.role, limits }, 200);
  });

  const keyRoute = createRoute({
    method: "post",
    path: "/v1/keys",
    request: { body: { required: true, content: { "application/json": { schema: keyRegistrationSchema } } } },
    responses: { 200: answer(z.object({ author: z.string() }), "The key may publish."), 400: failure, 403: failure },
  });
  app.openapi(keyRoute, async (c) => {
    const { publicKey, proof } = c.req.valid("json");
    const signed = Buffer.from(KEY_REGISTRATION_CONTEXT + storage.epoch);
    if (!isSignedBy(publicKey, signed, Buffer.from(proof, "base64"))) {
      throw new HoldfastError("NOT_AUTHOR", "the proof is not a signature of this key over this hub's epoch", {
        hint: "Sign the registration text followed by the epoch that /v1/workspace tells.",
      });
    }
    await storage.tokens.registerKey(c.var.token.id, publicKey);
    return c.json({ author: publicKey }, 200);
  });

  const createTokenRoute = createRoute({
    method: "post",
    path: "/v1/tokens",
    request: {
      body: { required: true, content: { "application/json": { schema: z.object({ role: roleSchema }) } } },
    },
    responses: { 200: answer(newTokenSchema, "Told this once."), 400: failure, 403: failure },
  });
  app.openapi(createTokenRoute, async (c) => {
    requireAdmin(c.var.token);
    return c.json(await storage.tokens.create(c.req.valid("json").role), 200);
  });

  const listTokensRoute = createRoute({
    method: "get",
    path: "/v1/tokens",
    responses: { 200: answer(tokensSchema, "All tokens, also revoked ones."), 403: failure },
  });
  app.openapi(listTokensRoute, async (c) => {
    requireAdmin(c.var.token);
    return c.json({ tokens: await storage.tokens.list() }, 200);
  });

  const revokeTokenRoute = createRoute({
    method: "delete",
    path: "/v1/tokens/{id}",
    request: { params: z.object({ id: z.string().max(200) }) },
    responses: { 200: answer(z.object({ id: z.string() }), "Revoked."), 403: failure, 404: failure },
  });
  app.openapi(revokeTokenRoute, async (c) => {
    requireAdmin(c.var.token);
    const { id } = c.req.valid("param");
    await storage.tokens.revoke(id);
    return c.json({ id }, 200);
  });
}

function isSignedBy(author: string, signed: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifyBytes(author, signed, signature);
  } catch {
    return false; // not a point on the curve: nobody's key
  }
}

function requireAdmin({ role }: KnownToken): void {
  if (role === "admin") return;
  throw new HttpFailure(403, "UNAUTHORIZED", "only an admin token may do this", {
    hint: "Use the token that was printed when the hub was made.",
  });
}

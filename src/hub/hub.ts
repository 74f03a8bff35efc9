// The hub: a WHATWG `fetch` handler over a storage. Start here, then protocol.ts (what is said) and storage.ts (what is
// kept). Routes lie in `routes-*.ts`; this file puts them together with what goes before each: token and rate.

import { OpenAPIHono } from "@hono/zod-openapi";
import type { HonoRequest } from "hono";
import { HoldfastError } from "../errors.ts";
import { AppendQueue } from "./append-queue.ts";
import { badRequest, failureResponse } from "./http-failure.ts";
import { Listeners } from "./listeners.ts";
import { DEFAULT_LIMITS, HEARTBEAT_MS, type HubLimits } from "./protocol.ts";
import { RateLimit } from "./rate-limit.ts";
import { BodyBudget, isBodyLeft, withBody } from "./request-body.ts";
import { addContentRoutes } from "./routes-contents.ts";
import { addDocumentRoutes } from "./routes-documents.ts";
import { addEntryRoutes } from "./routes-entries.ts";
import { addHealthRoute, addWorkspaceRoutes } from "./routes-workspace.ts";
import type { HubStorage, KnownToken } from "./storage.ts";

export interface HubOptions {
  readonly storage: HubStorage;
  readonly limits?: Partial<HubLimits>;
  /** For one token (default 1,000). */
  readonly requestsPerSecond?: number;
  /** A comment on idle event streams, ms between them (default 15,000). */
  readonly heartbeatMs?: number;
  /** A listener that takes nothing from a full buffer for so long is let go, ms (default 15,000). */
  readonly stallMs?: number;
  /** Hears of the hub's own failures (answered 500). Default: one line on stderr. */
  readonly onError?: (error: unknown) => void;
}

export interface Hub {
  /** Answers any request; never throws. `env` comes from Node's server (serve.ts) and may be left out. */
  fetch(request: Request, env?: HubBindings): Promise<Response>;
  /** Ends the event streams and resolves when no append waits. The storage stays open: it belongs to whoever opened it. */
  close(): Promise<void>;
}

/** What Node's server adds to a request. */
export interface HubBindings {
  readonly outgoing?: { readonly writableFinished: boolean; destroy(): void };
}

/** What every route works with. */
export interface HubParts {
  readonly storage: HubStorage;
  readonly limits: HubLimits;
  readonly queue: AppendQueue;
  readonly listeners: Listeners;
  readonly bodies: BodyBudget;
}

export type HubEnv = { Bindings: HubBindings; Variables: { token: KnownToken } };
export type HubApp = OpenAPIHono<HubEnv>;

/** Bytes of all request bodies that are held in memory at one time. */
const BODIES_BYTES = 67_108_864;
/** Bytes of a JSON body: 1,000 ids of 59 characters and room. */
const JSON_BYTES = 262_144;
const DEFAULT_REQUESTS_PER_SECOND = 1_000;
const DEFAULT_STALL_MS = 15_000;

export function createHub(options: HubOptions): Hub {
  const { storage } = options;
  const times = {
    heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS,
    stallMs: options.stallMs ?? DEFAULT_STALL_MS,
  };
  const parts: HubParts = {
    storage,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    queue: new AppendQueue(storage.entries),
    listeners: new Listeners(storage, times),
    bodies: new BodyBudget(BODIES_BYTES),
  };
  const rate = new RateLimit(options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND);
  const report = options.onError ?? ((error: unknown) => console.error("holdfast hub:", error));
  const app: HubApp = new OpenAPIHono<HubEnv>({
    defaultHook: (result) => {
      if (!result.success) throw badRequest(readableIssues(result.error.issues));
    },
  });
  app.onError((error) => failureResponse(error, report));
  app.notFound((c) => {
    const error = new HoldfastError("NOT_FOUND", `the hub has nothing at ${c.req.method} ${c.req.path.slice(0, 80)}`, {
      hint: "See /openapi.json for what this hub understands.",
    });
    return failureResponse(error, report);
  });
  addHealthRoute(app);
  app.use("/v1/*", async (c, next) => {
    const token = await authenticate(storage, c.req.header("authorization"));
    rate.count(token.id);
    c.set("token", token);
    await next();
  });
  app.use("/v1/*", async (c, next) => {
    // Read here, with a bound, so that no route can be made to hold more.
    if (c.req.method === "POST" && c.req.path !== "/v1/entries") await boundJsonBody(c.req, parts.bodies);
    await next();
  });
  addWorkspaceRoutes(app, parts);
  addEntryRoutes(app, parts);
  addContentRoutes(app, parts);
  addDocumentRoutes(app, parts);
  describe(app);
  return {
    fetch: async (request, env = {}) => {
      try {
        const response = await app.fetch(request, env);
        // Otherwise the client's next request would be sent into a connection that is about to be closed.
        if (isBodyLeft(request)) response.headers.set("connection", "close");
        return response;
      } catch (error) {
        return failureResponse(error, report);
      }
    },
    close: async () => {
      parts.listeners.close();
      await parts.queue.settled();
    },
  };
}

async function authenticate(storage: HubStorage, header: string | undefined): Promise<KnownToken> {
  const token = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(header ?? "")?.[1];
  const known = token === undefined ? undefined : await storage.tokens.find(token);
  if (known === undefined) {
    throw new HoldfastError("UNAUTHORIZED", "this needs a token that the hub knows and that is not revoked", {
      hint: "Send `Authorization: Bearer TOKEN`; `holdfast invite` makes one.",
    });
  }
  return known;
}

async function boundJsonBody(req: HonoRequest, bodies: BodyBudget): Promise<void> {
  const text = await withBody(req.raw, JSON_BYTES, bodies, async (bytes) => new TextDecoder().decode(bytes));
  req.raw = new Request(req.raw.url, { method: "POST", headers: req.raw.headers, body: text });
}

function readableIssues(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string {
  const shown = issues.slice(0, 5).map(({ path, message }) => `${path.map(String).join(".") || "request"}: ${message}`);
  return shown.join("; ");
}

function describe(app: HubApp): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Holdfast hub",
      version: "1",
      description:
        "Gives every entry of a workspace the next sequence, keeps heads and contents, and streams what is new. Entries travel as their blocks in DAG-CBOR.",
    },
    security: [{ token: [] }],
  });
}

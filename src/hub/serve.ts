// A hub on Node's HTTP server: where it listens, who may reach it, and how it stops.

import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { HoldfastError, systemCode } from "../errors.ts";
import { createHub, type Hub, type HubOptions } from "./hub.ts";
import { lockDataFolder, makeDataFolder } from "./hub-lock.ts";
import { refuseInWorkspace } from "./outside-workspaces.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

export const DEFAULT_PORT = 7460;
export const DEFAULT_HOST = "127.0.0.1";

/** A client has this long to send its headers, ms; and to send a whole request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 300_000;
const TIMEOUT_CHECK_MS = 1_000;
/** Ports tried after a taken one. */
const MAX_PORT_STEPS = 100;
/** What is in flight at a stop has this long to end, ms. */
const CLOSE_GRACE_MS = 10_000;
const CLOSE_CHECK_MS = 20;

export interface ServeOptions {
  /** Default 7460; 0: any free one. */
  readonly port?: number;
  /** Default 127.0.0.1: not reachable from other hosts. */
  readonly host?: string;
  /** PEM texts. */
  readonly tls?: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array };
  /** Serves other hosts without TLS. */
  readonly insecure?: boolean;
  /** False: when the port is taken, one of the next 100 is used. Default true. */
  readonly strictPort?: boolean;
}

export interface ServedHub {
  readonly url: string;
  readonly port: number;
  /** Stops listening, ends streams, answers what is in flight, then resolves. */
  close(): Promise<void>;
}

/** Resolves when connections are accepted. Throws `TLS_REQUIRED`, `PORT_IN_USE`, `NO_PERMISSION`, `BAD_OPTION`. */
export async function serveHub(hub: Hub, options: ServeOptions = {}): Promise<ServedHub> {
  const { host = DEFAULT_HOST, tls } = options;
  checkOptions(options);
  const listener = getRequestListener((request, env) => hub.fetch(request, env as Parameters<Hub["fetch"]>[1]), {
    // Holdfast lives in other people's programs: their Request and Response stay what they are.
    overrideGlobalObjects: false,
  });
  const settings = { connectionsCheckingInterval: TIMEOUT_CHECK_MS };
  let server: Server;
  try {
    server =
      tls === undefined
        ? createServer(settings, listener)
        : createTlsServer({ ...settings, cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) }, listener);
  } catch (error) {
    throw new HoldfastError("BAD_OPTION", "the TLS certificate or key cannot be used", {
      hint: "Give a certificate and its key as PEM files.",
      cause: error,
    });
  }
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const port = await listenOn(server, host, options);
  const shownHost = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? "http" : "https"}://${shownHost}:${port}`,
    port,
    close: () => closeServer(server, sockets, hub),
  };
}

export interface StartOptions extends ServeOptions, Omit<HubOptions, "storage"> {
  /** The data folder; made when missing. */
  readonly dir: string;
  /** Counts when the folder is new. */
  readonly workspace: { readonly id: string; readonly name: string };
}

export interface StartedHub extends ServedHub {
  /** Only at the first start on a folder, and nowhere else. */
  readonly adminToken: string | undefined;
  readonly hub: Hub;
  readonly storage: SqliteStorage;
}

/** Opens the data folder and serves it. Throws what `serveHub`, `SqliteStorage` and `lockDataFolder` throw, and
 *  `DATA_FOLDER_SYNCED`; then nothing stays open. */
export async function startHub(options: StartOptions): Promise<StartedHub> {
  checkOptions(options);
  const undo: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    refuseInWorkspace(options.dir);
    makeDataFolder(options.dir);
    const lock = lockDataFolder(options.dir);
    undo.push(() => lock.release());
    const storage = new SqliteStorage(options.dir, options.workspace);
    undo.push(() => storage.close());
    const hub = createHub({ ...options, storage });
    undo.push(() => hub.close());
    const served = await serveHub(hub, options);
    undo.push(() => served.close());
    lock.announce(served.url);
    const isNew = (await storage.tokens.list()).length === 0;
    const adminToken = isNew ? (await storage.tokens.create("admin")).token : undefined;
    return { ...served, adminToken, hub, storage, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function checkOptions({ host = DEFAULT_HOST, port = DEFAULT_PORT, tls, insecure }: ServeOptions): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new HoldfastError("BAD_OPTION", `${port} is not a port`, { hint: "Use a number from 0 to 65535." });
  }
  if (isLoopback(host) || tls !== undefined || insecure === true) return;
  throw new HoldfastError("TLS_REQUIRED", `serving other hosts (${host}) without TLS would show them everything`, {
    hint: "Give --tls-cert and --tls-key, or say --insecure on a network you trust.",
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

async function listenOn(server: Server, host: string, options: ServeOptions): Promise<number> {
  const { port: first = DEFAULT_PORT, strictPort = true } = options;
  const last = strictPort || first === 0 ? first : Math.min(65_535, first + MAX_PORT_STEPS);
  for (let port = first; ; port += 1) {
    try {
      return await listenOnce(server, host, port);
    } catch (error) {
      if (systemCode(error) !== "EADDRINUSE" || port >= last) throw listenFailure(error, host, first);
    }
  }
}

function listenOnce(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenFailure(error: unknown, host: string, port: number): unknown {
  switch (systemCode(error)) {
    case "EADDRINUSE":
      return new HoldfastError("PORT_IN_USE", `port ${port} on ${host} is in use by another program`, {
        hint: "Stop that program, or name another port with --port.",
        details: { host, port },
        cause: error,
      });
    case "EACCES":
      return new HoldfastError("NO_PERMISSION", `this user may not listen on port ${port}`, {
        hint: "Use a port from 1024 on.",
        cause: error,
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new HoldfastError("BAD_OPTION", `${host} is not an address of this machine`, {
        hint: "Use 127.0.0.1, 0.0.0.0 or an address of one of its interfaces.",
        cause: error,
      });
    default:
      return error;
  }
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>, hub: Hub): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await hub.close();
  // A connection whose last answer is given only now turns idle, so those are looked for until none is left. One that
  // never said a word (clients open them ahead) does not count as idle to Node, but nothing is in flight on it.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, CLOSE_CHECK_MS);
  const giveUp = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(giveUp);
}

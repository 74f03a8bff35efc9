// The hub that `holdfast up` serves from the folder's own `.holdfast/hub`. own-token.ts says how the folder itself talks
// to it.

import type { Author } from "../entries/index.ts";
import { type Hub, type StartedHub, startHub } from "../hub/index.ts";
import { EVENT_STREAM } from "../hub/protocol.ts";
import type { Layout, WorkspaceRecord } from "../store/index.ts";
import { readOwnPort, readOwnToken, writeOwn } from "./own-token.ts";

export interface EmbeddedHub {
  readonly url: string;
  readonly token: string;
  /** The port that it was reached at before, when that is another one and taken now. */
  readonly movedFrom?: number;
  /** Answers in process, without a socket. */
  readonly fetch: typeof fetch;
  /** The folder may bring this author's entries: they came from a peer, signed. */
  mayCarry(author: Author): Promise<void>;
  close(): Promise<void>;
}

export interface EmbeddedHubOptions {
  /** Absent: the one it had last; else 7460, or the next that is free. */
  readonly port?: number;
  readonly onError?: (error: unknown) => void;
}

/** Throws what `startHub` throws: `PORT_IN_USE`, `DATA_FOLDER_IN_USE`, ... */
export async function startEmbeddedHub(
  layout: Layout,
  workspace: WorkspaceRecord,
  options: EmbeddedHubOptions = {},
): Promise<EmbeddedHub> {
  const before = readOwnPort(layout);
  const port = options.port ?? before;
  const started = await startHub({
    dir: layout.hub,
    workspace: { id: workspace.id, name: workspace.name },
    strictPort: options.port !== undefined,
    ...(port === undefined ? {} : { port }),
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  });
  try {
    const token = await ownToken(layout, started);
    const isNew = token !== readOwnToken(layout) || started.port !== before;
    if (isNew) writeOwn(layout, { token, port: started.port });
    return {
      url: started.url,
      token,
      ...(before === undefined || before === started.port || options.port !== undefined ? {} : { movedFrom: before }),
      fetch: fetchFrom(started.hub),
      mayCarry: async (author) => {
        const known = await started.storage.tokens.find(token);
        if (known !== undefined) await started.storage.tokens.registerKey(known.id, author);
      },
      close: () => started.close(),
    };
  } catch (error) {
    await started.close();
    throw error;
  }
}

/** `fetch` without a socket. As with a real one, the caller's signal ends a stream that would go on for ever. */
function fetchFrom(hub: Hub): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, withoutCopies(init));
    request.signal.throwIfAborted();
    const response = await hub.fetch(request);
    if (response.body === null || response.headers.get("content-type")?.startsWith(EVENT_STREAM) !== true) {
      return response;
    }
    const body = response.body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal: request.signal });
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

/** A request copies the bytes that it is given, and copies them again for whoever reads them; a stream hands them on. */
function withoutCopies(init: RequestInit | undefined): RequestInit | undefined {
  const { body } = init ?? {};
  if (!(body instanceof Uint8Array)) return init;
  return { ...init, body: ReadableStream.from([body]), duplex: "half" } as RequestInit;
}

async function ownToken(layout: Layout, { storage, adminToken }: StartedHub): Promise<string> {
  const kept = readOwnToken(layout);
  if (kept !== undefined && (await storage.tokens.find(kept))?.role === "admin") return kept;
  return adminToken ?? (await storage.tokens.create("admin")).token;
}

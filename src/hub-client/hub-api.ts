// A hub's HTTP interface as typed calls. No state, no policy: each method is one request (or one stream), with deadlines,
// and every failure is a `HoldfastError`:
//   HUB_UNREACHABLE  nobody answered, the connection broke, or a deadline passed: worth trying again
//   HUB_ERROR        answered with 5xx or with something that is no answer (`details.status`)
//   INTERRUPTED      the caller's signal
//   any other code   what the hub said; STALE_BASE and PATH_TAKEN carry `details.conflicts: Conflict[]`
// RATE_LIMITED is waited out here, up to `MAX_RATE_WAITS` times.

import { hash as digest } from "node:crypto";
import { decode, encode } from "@ipld/dag-cbor";
import { type Author, type ContentHash, type EntryId, type Identity, signBytes } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import {
  type AppendResponse,
  CBOR,
  type DocumentStatus,
  EVENT_STREAM,
  type HubEvent,
  KEY_REGISTRATION_CONTEXT,
  type ListedPage,
  type NewToken,
  type Page,
  type Role,
  type SearchResult,
  type TokenInfo,
  type WorkspaceInfo,
} from "../hub/protocol.ts";
import { parseEvents } from "./event-stream.ts";
import {
  ANYTHING,
  APPENDED,
  DOCUMENTS,
  FOUND,
  LISTED_PAGE,
  MISSING,
  NEW_TOKEN,
  PAGE,
  requireOrder,
  requireParallel,
  TOKENS,
  WORKSPACE,
} from "./hub-answers.ts";
import { HubWire, MAX_PAGE_BYTES } from "./hub-wire.ts";
import { DEFAULT_DEADLINES, type Deadlines } from "./transfer-deadline.ts";

export interface HubApiOptions {
  /** `http://HOST:PORT`, without a path. */
  readonly url: string;
  readonly token: string;
  readonly fetch?: typeof fetch;
  /** Ends every call of this client. */
  readonly signal?: AbortSignal;
  readonly deadlines?: Partial<Deadlines>;
}

export interface PageQuery {
  readonly since: number;
  readonly limit?: number;
  readonly topics?: readonly string[];
  readonly collections?: readonly string[];
}

/** What to append: a block, and its content where that is small and the hub may lack it. */
export interface Outgoing {
  readonly block: Uint8Array;
  readonly content?: Uint8Array;
}

/** How often an upload looks for its offset again. */
const MAX_UPLOAD_ATTEMPTS = 5;

/** Shows the hub of this epoch that `identity` may be published as: 64 bytes. */
export function keyProof(identity: Identity, epoch: string): Uint8Array {
  return signBytes(identity, Buffer.from(KEY_REGISTRATION_CONTEXT + epoch));
}

export class HubApi {
  readonly url: string;
  private readonly wire: HubWire;
  private readonly ended = new AbortController();

  constructor(options: HubApiOptions) {
    this.wire = new HubWire({
      url: options.url,
      token: options.token,
      fetch: options.fetch ?? fetch,
      signal: options.signal === undefined ? this.ended.signal : AbortSignal.any([options.signal, this.ended.signal]),
      deadlines: { ...DEFAULT_DEADLINES, ...options.deadlines },
    });
    this.url = this.wire.url;
  }

  /** Ends every call of this client, now and to come, with `INTERRUPTED`. */
  end(): void {
    this.ended.abort();
  }

  workspace(): Promise<WorkspaceInfo> {
    return this.wire.json("GET", "/v1/workspace", WORKSPACE);
  }

  /** Makes `identity` an author that this token may publish as. `epoch` from `workspace()`; asked for when absent. */
  async registerKey(identity: Identity, epoch?: string): Promise<void> {
    await this.registerProof(identity.author, keyProof(identity, epoch ?? (await this.workspace()).epoch));
  }

  /** The same for somebody who has given us `proof` of it (`keyProof`). */
  async registerProof(author: Author, proof: Uint8Array): Promise<void> {
    await this.wire.json("POST", "/v1/keys", ANYTHING, {
      publicKey: author,
      proof: Buffer.from(proof).toString("base64"),
    });
  }

  /** Appends all or none. Throws `STALE_BASE` or `PATH_TAKEN` (all conflicts in `details.conflicts`),
   *  `CONTENT_MISSING` (`details.missing`), `NOT_AUTHOR`, `TOO_LARGE` and what is wrong with an entry (`details.index`). */
  async append(outgoing: readonly Outgoing[]): Promise<AppendResponse> {
    const contents: Record<ContentHash, Uint8Array> = {};
    for (const { content } of outgoing) if (content !== undefined) contents[digest("sha256", content)] = content;
    const body = encode({ entries: outgoing.map(({ block }) => block), contents });
    const response = await this.wire.send("POST", "/v1/entries", { body, type: CBOR });
    const appended = await this.wire.answer(response, APPENDED);
    return this.wire.inShape(response, () => requireParallel(appended, outgoing.length));
  }

  /** Which of `hashes` (at most `batchEntries`) the hub does not have. */
  async missing(hashes: readonly ContentHash[]): Promise<readonly ContentHash[]> {
    return (await this.wire.json("POST", "/v1/contents/missing", MISSING, { hashes })).missing;
  }

  /** How many bytes of `hash` the hub has, and whether that is all of it. */
  async uploaded(hash: ContentHash): Promise<{ complete: boolean; bytes: number }> {
    const response = await this.wire.send("HEAD", `/v1/contents/${hash}`, { accept404: true });
    if (response.status === 404) {
      const bytes = Number(response.headers.get("upload-offset") ?? 0);
      return { complete: false, bytes: Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0 };
    }
    return { complete: true, bytes: Number(response.headers.get("content-length") ?? 0) };
  }

  /** Brings a content to the hub, going on where an earlier try broke off. `openFrom(offset)` yields its bytes from
   *  there. Throws `TOO_LARGE`, or `VERIFY_FAILED` when the bytes do not hash to `hash`. */
  async upload(
    hash: ContentHash,
    size: number,
    openFrom: (offset: number) => AsyncIterable<Uint8Array>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { complete, bytes } = await this.uploaded(hash);
      if (complete) return;
      // A part as long as the whole that was never finished is better sent anew than guessed about.
      const from = bytes < size ? bytes : 0;
      const headers: Record<string, string> = {};
      if (size > 0) headers["content-range"] = `bytes ${from}-${size - 1}/${size}`;
      try {
        const response = await this.wire.sendStream(`/v1/contents/${hash}`, headers, size - from, openFrom(from));
        await response.body?.cancel();
        return;
      } catch (error) {
        // Another upload of the same content moved the offset in the meantime: look again.
        if (!(error instanceof HoldfastError) || error.details?.offset === undefined) throw error;
        if (attempt >= MAX_UPLOAD_ATTEMPTS) throw error;
      }
    }
  }

  async page(query: PageQuery & { readonly inline?: "contents" }): Promise<Page> {
    const path = `/v1/entries?${search(query)}${query.inline === undefined ? "" : "&contents=inline"}`;
    const response = await this.wire.send("GET", path, { accept: CBOR });
    const page = await this.wire.answer(response, PAGE, { type: CBOR, decode, maxBytes: MAX_PAGE_BYTES });
    this.wire.inShape(response, () => requireOrder(page, query.since));
    return page;
  }

  async listPage(query: PageQuery): Promise<ListedPage> {
    const response = await this.wire.send("GET", `/v1/entries?${search(query)}`);
    const page = await this.wire.answer(response, LISTED_PAGE, { maxBytes: MAX_PAGE_BYTES });
    this.wire.inShape(response, () => requireOrder(page, query.since));
    return page;
  }

  /** The bytes of a content from `fromOffset`. Throws `CONTENT_MISSING`; the caller checks the hash. */
  async *download(hash: ContentHash, fromOffset = 0): AsyncGenerator<Uint8Array, void, undefined> {
    const headers: Record<string, string> = fromOffset > 0 ? { range: `bytes=${fromOffset}-` } : {};
    const response = await this.wire.send("GET", `/v1/contents/${hash}`, { headers, accept: "*/*" });
    if (fromOffset > 0 && response.status !== 206) {
      await response.body?.cancel();
      throw new HoldfastError("HUB_ERROR", `the hub at ${this.url} did not answer a part of ${hash}`, {
        details: { status: response.status },
      });
    }
    yield* this.wire.chunks(response);
  }

  /** What is new: first `ready`, then entries in order (or `head` hints with `wake`). `since` absent: from now on.
   *  Ends when the client's signal fires; throws when the hub ends it (`UNAUTHORIZED`, `LISTENER_TOO_SLOW`,
   *  `HUB_UNREACHABLE` when it stops or falls silent). */
  async *events(query: {
    readonly since?: number;
    readonly topics?: readonly string[];
    readonly data?: "wake";
    readonly signal?: AbortSignal;
  }): AsyncGenerator<HubEvent, void, undefined> {
    const params = new URLSearchParams();
    if (query.since !== undefined) params.set("since", String(query.since));
    for (const topic of query.topics ?? []) params.append("topic", topic);
    if (query.data !== undefined) params.set("data", query.data);
    try {
      const response = await this.wire.send("GET", `/v1/events?${params}`, {
        accept: EVENT_STREAM,
        signal: query.signal,
      });
      this.wire.requireType(response, EVENT_STREAM);
      yield* parseEvents(this.url, this.wire.chunks(response, this.wire.streamRules, query.signal));
    } catch (error) {
      if (this.wire.isAborted(query.signal)) return;
      throw error;
    }
    if (this.wire.isAborted(query.signal)) return;
    throw new HoldfastError("HUB_UNREACHABLE", `the hub at ${this.url} ended the stream`, {
      hint: "It was stopped or restarted; connect again.",
    });
  }

  /** The state of each document's head; unknown documents are left out. At most `batchEntries`. */
  async documentStatus(docs: readonly EntryId[]): Promise<readonly DocumentStatus[]> {
    const answer = await this.wire.json("POST", "/v1/documents/status", DOCUMENTS, { docs });
    return answer.documents;
  }

  async search(query: {
    q: string;
    prefix?: string;
    collection?: string;
    limit?: number;
  }): Promise<readonly SearchResult[]> {
    const params = new URLSearchParams({ q: query.q });
    if (query.prefix !== undefined) params.set("prefix", query.prefix);
    if (query.collection !== undefined) params.set("collection", query.collection);
    if (query.limit !== undefined) params.set("limit", String(query.limit));
    return (await this.wire.json("GET", `/v1/search?${params}`, FOUND)).results;
  }

  createToken(role: Role): Promise<NewToken> {
    return this.wire.json("POST", "/v1/tokens", NEW_TOKEN, { role });
  }

  async tokens(): Promise<readonly TokenInfo[]> {
    return (await this.wire.json("GET", "/v1/tokens", TOKENS)).tokens;
  }

  async revokeToken(id: string): Promise<void> {
    await this.wire.json("DELETE", `/v1/tokens/${encodeURIComponent(id)}`, ANYTHING);
  }
}

function search(query: PageQuery): URLSearchParams {
  const params = new URLSearchParams({ since: String(query.since) });
  if (query.limit !== undefined) params.set("limit", String(query.limit));
  for (const topic of query.topics ?? []) params.append("topic", topic);
  for (const collection of query.collections ?? []) params.append("collection", collection);
  return params;
}

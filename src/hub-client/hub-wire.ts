// One HTTP request to a hub: deadlines, failures as coded errors, rate limits waited out. `hub-api.ts` says what to ask,
// `hub-answers.ts` what may be answered.

import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "../errors.ts";
import { JSON_TYPE } from "../hub/protocol.ts";
import { inShape, type Shape, ShapeError } from "./hub-answers.ts";
import { noAnswerOfAHub, refusalOf } from "./hub-refusal.ts";
import {
  DeadlineError,
  type Deadlines,
  TransferDeadline,
  type TransferRules,
  UploadSource,
} from "./transfer-deadline.ts";
import { unreachable } from "./unreachable.ts";

/** A hub that says "later" is asked again this often, each time after the wait it named. */
const MAX_RATE_WAITS = 20;
const MAX_RATE_WAIT_MS = 10_000;
/** Bytes of an answer that is read whole: one that holds entries, and any other. */
export const MAX_PAGE_BYTES = 128 * 1_024 * 1_024;
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;
const LINE_END = 0x0a;
const LONG_PART_BYTES = 1_024;
/** About what a system takes from us before the other side has it. */
const BUFFERED_BYTES = 1_024 * 1_024;

export interface HubWireOptions {
  readonly url: string;
  readonly token: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
  readonly deadlines: Deadlines;
}

interface SendOptions {
  readonly body?: Uint8Array | string;
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** 404 is an answer here, not a failure. */
  readonly accept404?: true;
}

/** How an answer that is read whole is to be understood. */
interface AnswerOptions {
  readonly type: string;
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly maxBytes: number;
}
const AS_JSON: AnswerOptions = { type: JSON_TYPE, decode: fromJson, maxBytes: MAX_ANSWER_BYTES };

export class HubWire {
  readonly url: string;
  private readonly options: HubWireOptions;
  /** Of each response still being read: what ends it, for a deadline on its body, and what was asked, for people. */
  private readonly requests = new WeakMap<Response, { readonly controller: AbortController; readonly asked: string }>();

  constructor(options: HubWireOptions) {
    this.options = options;
    try {
      const url = new URL(options.url);
      if (url.protocol !== "http:" && url.protocol !== "https:") throw new TypeError("not http or https");
      this.url = url.origin;
    } catch (error) {
      throw new HoldfastError("BAD_OPTION", `"${options.url}" is not the URL of a hub`, {
        hint: "A hub's URL looks like http://127.0.0.1:7460.",
        cause: error,
      });
    }
  }

  isAborted(signal?: AbortSignal): boolean {
    return this.options.signal?.aborted === true || signal?.aborted === true;
  }

  async json<T>(method: string, path: string, shape: Shape<T>, body?: unknown): Promise<T> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), type: JSON_TYPE };
    return this.answer(await this.send(method, path, sent), shape);
  }

  /** An answer read whole and checked. Throws `HUB_ERROR` that says what is wrong with it. */
  async answer<T>(response: Response, shape: Shape<T>, options: Partial<AnswerOptions> = {}): Promise<T> {
    const { type, decode, maxBytes } = { ...AS_JSON, ...options };
    this.requireType(response, type);
    const bytes = await this.bytes(response, maxBytes);
    let value: unknown;
    try {
      value = decode(bytes);
    } catch (error) {
      throw this.rubbish(response, `it cannot be read as ${type}`, error);
    }
    return this.inShape(response, () => inShape(value, shape));
  }

  /** What `check` returns; its `ShapeError` becomes a `HUB_ERROR` about this answer. */
  inShape<T>(response: Response, check: () => T): T {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      throw this.rubbish(response, error.message, error);
    }
  }

  /** Throws `HUB_ERROR`. */
  requireType(response: Response, wanted: string): void {
    const type = response.headers.get("content-type") ?? "of no type";
    if (type.split(";", 1)[0]?.trim().toLowerCase() === wanted) return;
    void response.body?.cancel().catch(() => {});
    throw this.rubbish(response, `it is ${type.slice(0, 80)}, not ${wanted}`);
  }

  /** Sends a request whose body is at hand; repeated while the hub says RATE_LIMITED. */
  async send(method: string, path: string, options: SendOptions = {}): Promise<Response> {
    const { headersMs, minBytesPerSecond } = this.options.deadlines;
    const answerMs = headersMs + ((options.body?.length ?? 0) / minBytesPerSecond) * 1_000;
    for (let waits = 0; ; waits += 1) {
      const controller = new AbortController();
      const late = (): void => controller.abort(new DeadlineError(`no answer within ${Math.round(answerMs)} ms`));
      const timer = setTimeout(late, answerMs);
      const response = await this.exchange(path, controller, options.signal, {
        method,
        headers: {
          authorization: `Bearer ${this.options.token}`,
          accept: options.accept ?? JSON_TYPE,
          ...(options.type === undefined ? {} : { "content-type": options.type }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: options.body as NonNullable<RequestInit["body"]> }),
      }).finally(() => clearTimeout(timer));
      if (response.ok || (response.status === 404 && options.accept404 === true)) return response;
      const failure = await this.failure(response);
      if (failure.code !== "RATE_LIMITED" || waits >= MAX_RATE_WAITS) throw failure;
      await this.rateWait(response, options.signal);
    }
  }

  /** PUTs a streamed body. */
  async sendStream(
    path: string,
    headers: Readonly<Record<string, string>>,
    length: number,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<Response> {
    const controller = new AbortController();
    const deadline = new TransferDeadline(controller, { ...this.transferRules, bufferedBytes: BUFFERED_BYTES });
    const source = new UploadSource(chunks, deadline);
    try {
      const response = await this.exchange(path, controller, undefined, {
        method: "PUT",
        headers: {
          authorization: `Bearer ${this.options.token}`,
          "content-type": "application/octet-stream",
          ...headers,
        },
        body: length === 0 ? new Uint8Array(0) : ReadableStream.from(source),
        duplex: "half",
      } as RequestInit);
      if (!response.ok) throw await this.failure(response);
      return response;
    } catch (error) {
      // The source's own failure (a file gone) is not the hub's.
      throw source.failure ?? error;
    } finally {
      deadline.end();
    }
  }

  private async bytes(response: Response, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let total = 0;
    for await (const chunk of this.chunks(response)) {
      total += chunk.length;
      if (total > maxBytes) throw this.rubbish(response, `it is longer than ${maxBytes} bytes`);
      parts.push(chunk);
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, total);
  }

  private get transferRules(): TransferRules {
    const { idleMs, graceMs, minBytesPerSecond } = this.options.deadlines;
    return { idleMs, pace: { graceMs, minBytesPerSecond } };
  }

  /** Of an event stream: it may go on for ever. */
  get streamRules(): TransferRules {
    return { idleMs: this.options.deadlines.silenceMs };
  }

  /** A response's body, with deadlines. Leaving the loop early ends the request. */
  async *chunks(
    response: Response,
    rules: TransferRules = this.transferRules,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (response.body === null) return;
    const controller = this.requests.get(response)?.controller ?? new AbortController();
    const deadline = new TransferDeadline(controller, rules);
    const unlink = link(controller, [this.options.signal, signal]);
    const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    // A body that comes from a hub in this very process knows nothing of the request's signal: it is cancelled here.
    const cancel = (): void => void reader.cancel().catch(() => {});
    controller.signal.addEventListener("abort", cancel, { once: true });
    if (controller.signal.aborted) cancel();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        controller.signal.throwIfAborted();
        if (done) return;
        // Of a stream, a line's end is a sign of life, or a good part of a long one.
        if (rules.pace !== undefined || value.length >= LONG_PART_BYTES || value.includes(LINE_END)) {
          deadline.moved(value.length);
        }
        deadline.pause();
        yield value;
        deadline.resume();
      }
    } catch (error) {
      throw this.networkFailure(error, controller, signal);
    } finally {
      deadline.end();
      unlink();
      controller.signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  private async exchange(
    path: string,
    controller: AbortController,
    signal: AbortSignal | undefined,
    init: RequestInit,
  ): Promise<Response> {
    const unlink = link(controller, [this.options.signal, signal]);
    let response: Response;
    try {
      response = await this.options.fetch(this.url + path, { ...init, redirect: "manual", signal: controller.signal });
    } catch (error) {
      throw this.networkFailure(error, controller, signal);
    } finally {
      unlink();
    }
    this.requests.set(response, { controller, asked: path.split("?", 1)[0] ?? "" });
    if (response.status >= 300 && response.status < 400) throw this.redirected(response);
    return response;
  }

  /** Not followed: the token is for the hub whose address was given, and a redirect may lead anywhere, or in a circle. */
  private redirected(response: Response): HoldfastError {
    const to = response.headers.get("location") ?? "nowhere";
    void response.body?.cancel().catch(() => {});
    return this.rubbish(
      response,
      `it sends to ${to.slice(0, 200)}`,
      undefined,
      "A hub does not redirect. Join with the address that answers itself; if this one asks for https, with https://.",
    );
  }

  private async failure(response: Response): Promise<HoldfastError> {
    try {
      this.requireType(response, JSON_TYPE);
      const body = fromJson(await this.bytes(response, MAX_ANSWER_BYTES));
      return this.inShape(response, () => refusalOf(body, response.status));
    } catch (error) {
      return error instanceof HoldfastError
        ? error
        : this.rubbish(response, `it cannot be read as ${JSON_TYPE}`, error);
    }
  }

  private async rateWait(response: Response, signal: AbortSignal | undefined): Promise<void> {
    const seconds = Number(response.headers.get("retry-after") ?? 1);
    const waitMs = Math.min(MAX_RATE_WAIT_MS, Number.isFinite(seconds) ? Math.max(50, seconds * 1_000) : 1_000);
    const signals = [this.options.signal, signal].filter((one) => one !== undefined);
    try {
      // Spread out, so that clients told to wait together do not come back together.
      await delay(waitMs * (0.75 + Math.random() / 2), undefined, { signal: AbortSignal.any(signals) });
    } catch {
      throw interrupted();
    }
  }

  private networkFailure(error: unknown, controller: AbortController, signal?: AbortSignal): HoldfastError {
    if (error instanceof HoldfastError) return error;
    if (this.isAborted(signal)) return interrupted(error);
    return unreachable(this.url, controller.signal.aborted ? controller.signal.reason : error);
  }

  private rubbish(response: Response, what: string, cause?: unknown, hint?: string): HoldfastError {
    const asked = `${this.url}${this.requests.get(response)?.asked ?? ""}`;
    return noAnswerOfAHub(asked, response.status, what, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

function fromJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function interrupted(cause?: unknown): HoldfastError {
  return new HoldfastError("INTERRUPTED", "the call was ended by its caller", { cause });
}

/** Lets any of `signals` end `controller`; the function returned undoes that. */
function link(controller: AbortController, signals: readonly (AbortSignal | undefined)[]): () => void {
  const abort = (): void => controller.abort();
  for (const signal of signals) {
    if (signal?.aborted === true) controller.abort();
    signal?.addEventListener("abort", abort, { once: true });
  }
  return () => {
    for (const signal of signals) signal?.removeEventListener("abort", abort);
  };
}

// One HTTP request to a hub: deadlines, failures as coded errors, rate limits waited out. `hub-api.ts` says what to ask.

import { setTimeout as delay } from "node:timers/promises";
import { type ErrorCode, HoldfastError } from "../errors.ts";
import { JSON_TYPE } from "../hub/protocol.ts";

export interface Deadlines {
  /** Until the response's headers are there, for requests whose body is at hand, ms. */
  readonly headersMs: number;
  /** Between two pieces of a body, sent or received, ms. */
  readonly idleMs: number;
  /** Without a sign of life on an event stream, ms; the hub's heartbeat comes three times as often. */
  readonly silenceMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = { headersMs: 10_000, idleMs: 30_000, silenceMs: 45_000 };

/** A hub that says "later" is asked again this often, each time after the wait it named. */
const MAX_RATE_WAITS = 20;
const MAX_RATE_WAIT_MS = 10_000;
/** Bytes of an answer that is read whole. */
const MAX_ANSWER_BYTES = 128 * 1_024 * 1_024;

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

export class HubWire {
  readonly url: string;
  private readonly options: HubWireOptions;
  /** The controller of each response still being read, so that a deadline on its body can end it. */
  private readonly controllers = new WeakMap<Response, AbortController>();

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

  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), type: JSON_TYPE };
    return this.answerJson(await this.send(method, path, sent));
  }

  async answerJson<T>(response: Response): Promise<T> {
    const bytes = await this.bytes(response);
    try {
      return JSON.parse(new TextDecoder().decode(bytes)) as T;
    } catch (error) {
      throw this.rubbish(response.status, error);
    }
  }

  /** Sends a request whose body is at hand; repeated while the hub says RATE_LIMITED. */
  async send(method: string, path: string, options: SendOptions = {}): Promise<Response> {
    for (let waits = 0; ; waits += 1) {
      const controller = new AbortController();
      const response = await this.exchange(path, controller, this.options.deadlines.headersMs, options.signal, {
        method,
        headers: {
          authorization: `Bearer ${this.options.token}`,
          accept: options.accept ?? JSON_TYPE,
          ...(options.type === undefined ? {} : { "content-type": options.type }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: options.body as NonNullable<RequestInit["body"]> }),
      });
      if (response.ok || (response.status === 404 && options.accept404 === true)) return response;
      const failure = await this.failure(response);
      if (failure.code !== "RATE_LIMITED" || waits >= MAX_RATE_WAITS) throw failure;
      await this.rateWait(response, options.signal);
    }
  }

  /** PUTs a streamed body. The deadline is on its progress, not on the whole. */
  async sendStream(
    path: string,
    headers: Readonly<Record<string, string>>,
    length: number,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<Response> {
    const controller = new AbortController();
    const { idleMs } = this.options.deadlines;
    const timer = setTimeout(() => controller.abort(new DeadlineError(idleMs)), idleMs);
    let sourceError: unknown;
    const source = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for await (const chunk of chunks) {
          timer.refresh();
          yield chunk;
        }
      } catch (error) {
        sourceError = error;
        throw error;
      }
    };
    try {
      const response = await this.exchange(path, controller, undefined, undefined, {
        method: "PUT",
        headers: {
          authorization: `Bearer ${this.options.token}`,
          "content-type": "application/octet-stream",
          ...headers,
        },
        body: length === 0 ? new Uint8Array(0) : ReadableStream.from(source()),
        duplex: "half",
      } as RequestInit);
      if (!response.ok) throw await this.failure(response);
      return response;
    } catch (error) {
      // The source's own failure (a file gone) is not the hub's.
      throw sourceError ?? error;
    } finally {
      clearTimeout(timer);
    }
  }

  async bytes(response: Response): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let total = 0;
    for await (const chunk of this.chunks(response, "idleMs")) {
      total += chunk.length;
      if (total > MAX_ANSWER_BYTES) throw this.rubbish(response.status);
      parts.push(chunk);
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, total);
  }

  /** A response's body, with a deadline between its pieces. Leaving the loop early ends the request. */
  async *chunks(
    response: Response,
    deadline: keyof Deadlines,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (response.body === null) return;
    const controller = this.controllers.get(response) ?? new AbortController();
    const idleMs = this.options.deadlines[deadline];
    const timer = setTimeout(() => controller.abort(new DeadlineError(idleMs)), idleMs);
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
        timer.refresh();
        yield value;
        timer.refresh();
      }
    } catch (error) {
      throw this.networkFailure(error, controller, signal);
    } finally {
      clearTimeout(timer);
      unlink();
      controller.signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  private async exchange(
    path: string,
    controller: AbortController,
    headersMs: number | undefined,
    signal: AbortSignal | undefined,
    init: RequestInit,
  ): Promise<Response> {
    const unlink = link(controller, [this.options.signal, signal]);
    const timer =
      headersMs === undefined ? undefined : setTimeout(() => controller.abort(new DeadlineError(headersMs)), headersMs);
    try {
      const response = await this.options.fetch(this.url + path, {
        ...init,
        redirect: "error",
        signal: controller.signal,
      });
      this.controllers.set(response, controller);
      return response;
    } catch (error) {
      throw this.networkFailure(error, controller, signal);
    } finally {
      clearTimeout(timer);
      unlink();
    }
  }

  private async failure(response: Response): Promise<HoldfastError> {
    let body: unknown;
    try {
      body = JSON.parse(new TextDecoder().decode(await this.bytes(response)));
    } catch (error) {
      if (error instanceof HoldfastError && error.code === "INTERRUPTED") return error;
      return this.rubbish(response.status, error);
    }
    return fromErrorBody(body, response.status);
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
    const reason = controller.signal.aborted ? controller.signal.reason : error;
    const cause = reason instanceof Error && reason.cause instanceof Error ? reason.cause : reason;
    const why =
      cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : cause.name) : String(cause);
    return new HoldfastError("HUB_UNREACHABLE", `the hub at ${this.url} cannot be reached: ${why}`, {
      hint: "Check that it runs and that the URL is right; what was not sent is kept and sent later.",
      details: { url: this.url },
      cause: error,
    });
  }

  private rubbish(status: number, cause?: unknown): HoldfastError {
    if (cause instanceof HoldfastError && cause.code !== "HUB_ERROR") return cause;
    return new HoldfastError("HUB_ERROR", `${this.url} answered ${status} with something that no hub says`, {
      hint: "Check that the URL is a Holdfast hub of this version.",
      details: { status },
      cause,
    });
  }
}

/** The error that a hub's failure body stands for. `status` 0: it came in an event stream. */
export function fromErrorBody(body: unknown, status: number): HoldfastError {
  const { error, code, hint, details } = (typeof body === "object" && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  const said = typeof error === "string" ? error : `the hub answered ${status}`;
  // A hub's own breakdown is not this program's: only what the hub means for us keeps its code.
  const ours = typeof code === "string" && code !== "INTERNAL" && /^[A-Z_]{2,40}$/.test(code);
  return new HoldfastError(ours ? (code as ErrorCode) : "HUB_ERROR", said, {
    ...(typeof hint === "string" ? { hint } : {}),
    details: { ...(typeof details === "object" && details !== null ? details : {}), status },
  });
}

class DeadlineError extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
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

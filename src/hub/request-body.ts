// Reads request bodies without ever holding more than allowed: a bound per body, and one over all bodies at once.

import { HoldfastError } from "../errors.ts";
import { badRequest, HttpFailure } from "./http-failure.ts";

/** Without a byte for this long, a body is given up, ms. */
const BODY_IDLE_MS = 30_000;

/** Bytes that all bodies being held may take together. */
export class BodyBudget {
  private readonly limit: number;
  private held = 0;
  constructor(limit: number) {
    this.limit = limit;
  }
  /** Throws 503 when it is used up. */
  take(bytes: number): void {
    if (this.held + bytes > this.limit) throw busy("it is holding as many requests as it can");
    this.held += bytes;
  }
  give(bytes: number): void {
    this.held -= bytes;
  }
}

/** The hub cannot take more now: 503, to be tried again. */
export function busy(why: string): HttpFailure {
  const hint = "Try again in a second; nothing was taken in.";
  return new HttpFailure(503, "RATE_LIMITED", `the hub is busy: ${why}`, { hint }, { "retry-after": "1" });
}

/** Reads the body whole, passes it to `use`, and holds it against the budget until that is done. Throws `TOO_LARGE`
 *  without reading on once the body is longer than `limit`. */
export async function withBody<T>(
  request: Request,
  limit: number,
  budget: BodyBudget,
  use: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  const told = Number(request.headers.get("content-length") ?? 0);
  if (told > limit) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of bodyChunks(request)) {
      budget.take(chunk.length);
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
    const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
    chunks.length = 0; // not held twice while it is used
    return await use(whole);
  } finally {
    budget.give(size);
  }
}

/** Requests whose body was read to its end. */
const readToEnd = new WeakSet<Request>();

/** True when bytes of the request may still be on their way: its connection cannot carry another one. */
export function isBodyLeft(request: Request): boolean {
  return request.body !== null && !readToEnd.has(request);
}

/** The body's pieces as they come. Throws 408 when none comes for long. */
export async function* bodyChunks(request: Request): AsyncGenerator<Uint8Array, void, undefined> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  let isDone = false;
  try {
    for (;;) {
      const piece = await withinIdle(reader);
      if (piece.done) break;
      yield piece.value;
    }
    isDone = true;
    readToEnd.add(request);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw badRequest("the request's body broke off", "Send it again; an upload goes on where it broke off.");
  } finally {
    if (!isDone) reader.cancel().catch(() => {});
  }
}

type Piece = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

function withinIdle(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Piece> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new HttpFailure(408, "BAD_REQUEST", `no byte of the body came for ${BODY_IDLE_MS} ms`)),
      BODY_IDLE_MS,
    );
    reader
      .read()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

function tooLarge(limit: number): HoldfastError {
  return new HoldfastError("TOO_LARGE", `the request's body is larger than ${limit} bytes`, {
    hint: "Send less at once: fewer entries, and larger contents by /v1/contents.",
    details: { limit },
  });
}

// Open event streams. Each reads the storage from its own cursor whenever something may be new, so a wake-up is only a hint:
// nothing is lost between replay and live, because there is no seam between them.
//
// A stream keeps a bounded buffer. A listener that takes nothing from a full buffer for `stallMs` is told
// LISTENER_TOO_SLOW and let go; it comes back with the last sequence it saw. Nobody else waits for it.

import { HoldfastError } from "../errors.ts";
import { errorBody } from "./http-failure.ts";
import { listedOf } from "./listed.ts";
import { busy } from "./request-body.ts";
import type { HubStorage } from "./storage.ts";

/** Bytes that wait for one listener, about: what one scan adds may come on top. */
const BUFFER_BYTES = 256 * 1_024;
const SCAN_ENTRIES = 256;
const SCAN_BYTES = 1_048_576;
const MAX_LISTENERS = 10_000;
/** What waits for a listener that was let go, the reason included, is kept this long for it to take, ms. */
const LINGER_MS = 60_000;
/** Tokens of open streams are checked again at most this often, ms. */
const TOKEN_CHECK_MS = 20;

export interface ListenQuery {
  readonly tokenId: string;
  /** Absent: from now on. */
  readonly since?: number | undefined;
  readonly collections?: readonly string[] | undefined;
  readonly data: "entries" | "wake";
  /** Ends the connection of a listener that takes nothing at all any more. */
  readonly disconnect: () => void;
}

export interface ListenerTimes {
  readonly heartbeatMs: number;
  readonly stallMs: number;
}

export class Listeners {
  private readonly storage: HubStorage;
  private readonly times: ListenerTimes;
  private readonly open = new Set<Listener>();
  private stopWatching: (() => void) | undefined;
  private tokenCheck: NodeJS.Timeout | undefined;

  constructor(storage: HubStorage, times: ListenerTimes) {
    this.storage = storage;
    this.times = times;
  }

  /** A new stream of server-sent events. Throws 503 when there are too many. */
  listen(query: ListenQuery): ReadableStream<Uint8Array> {
    if (this.open.size >= MAX_LISTENERS) throw busy("too many streams are open");
    const listener = new Listener(this.storage, query, this.times, () => this.remove(listener));
    this.open.add(listener);
    this.stopWatching ??= this.storage.onChange(() => this.changed());
    // The token may have been revoked since it was looked at, before anybody watched.
    this.checkTokensSoon();
    return listener.stream;
  }

  /** Ends all streams. */
  close(): void {
    for (const listener of [...this.open]) listener.end();
    clearTimeout(this.tokenCheck);
  }

  private changed(): void {
    for (const listener of this.open) listener.wake();
    this.checkTokensSoon();
  }

  private checkTokensSoon(): void {
    this.tokenCheck ??= setTimeout(() => {
      this.tokenCheck = undefined;
      void this.endRevoked();
    }, TOKEN_CHECK_MS);
  }

  private async endRevoked(): Promise<void> {
    const live = await this.storage.tokens.live([...new Set([...this.open].map(({ tokenId }) => tokenId))]);
    for (const listener of [...this.open]) if (!live.has(listener.tokenId)) listener.end(revoked());
  }

  private remove(listener: Listener): void {
    this.open.delete(listener);
    if (this.open.size > 0) return;
    this.stopWatching?.();
    this.stopWatching = undefined;
  }
}

class Listener {
  readonly tokenId: string;
  readonly stream: ReadableStream<Uint8Array>;
  private readonly storage: HubStorage;
  private readonly query: ListenQuery;
  private readonly times: ListenerTimes;
  private readonly onEnd: () => void;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly encoder = new TextEncoder();
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  private isEnded = false;
  private isStale = true;
  private wakeUp: (() => void) | undefined;
  private drained: (() => void) | undefined;

  constructor(storage: HubStorage, query: ListenQuery, times: ListenerTimes, onEnd: () => void) {
    this.storage = storage;
    this.query = query;
    this.tokenId = query.tokenId;
    this.times = times;
    this.onEnd = onEnd;
    this.heartbeat = setInterval(() => this.beat(), times.heartbeatMs);
    this.heartbeat.unref();
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
          void this.run();
        },
        pull: () => {
          this.drained?.();
        },
        cancel: () => this.stop(),
      },
      { highWaterMark: BUFFER_BYTES, size: (chunk) => chunk.byteLength },
    );
  }

  /** There may be something new. */
  wake(): void {
    this.isStale = true;
    this.wakeUp?.();
  }

  /** Says why, when there is a reason, and ends. */
  end(reason?: HoldfastError): void {
    if (this.isEnded) return;
    if (reason !== undefined) {
      this.send("error", errorBody(reason));
      this.disconnectUnlessTaken();
    }
    this.stop();
    this.controller?.close();
  }

  private async run(): Promise<void> {
    try {
      const head = await this.storage.entries.head();
      this.send("ready", { epoch: this.storage.epoch, sequence: head });
      if (this.query.data === "wake") await this.tellHeads(this.query.since ?? head);
      else await this.tellEntries(this.query.since ?? head);
    } catch (error) {
      this.end(new HoldfastError("INTERNAL", "the hub failed to read what is new", { cause: error }));
    }
  }

  private async tellHeads(since: number): Promise<void> {
    let told = since;
    while (!this.isEnded) {
      this.isStale = false;
      const head = await this.storage.entries.head();
      if (head > told) {
        this.send("head", { sequence: head });
        told = head;
      }
      await this.whenDrained();
      await this.whenStale();
    }
  }

  private async tellEntries(since: number): Promise<void> {
    const { collections } = this.query;
    const wish = {
      limit: SCAN_ENTRIES,
      contentBytes: SCAN_BYTES,
      load: "listed",
      ...(collections && { collections }),
    } as const;
    let cursor = since;
    while (!this.isEnded) {
      // Cleared before the look, not after: what comes during the look wakes us again.
      this.isStale = false;
      const { head, next, entries } = await this.storage.entries.scan({ since: cursor, ...wish });
      let text = "";
      for (const entry of entries) {
        text += `event: entry\nid: ${entry.sequence}\ndata: ${JSON.stringify(listedOf(entry))}\n\n`;
      }
      if (text !== "") this.write(text);
      cursor = next;
      await this.whenDrained();
      if (next >= head) await this.whenStale();
    }
  }

  private send(event: string, data: unknown): void {
    this.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  private write(text: string): void {
    if (!this.isEnded) this.controller?.enqueue(this.encoder.encode(text));
  }

  private beat(): void {
    // Where something waits already, that is the sign of life.
    if ((this.controller?.desiredSize ?? 0) > 0) this.write(": alive\n\n");
  }

  private async whenStale(): Promise<void> {
    while (!this.isStale && !this.isEnded) {
      await new Promise<void>((resolve) => {
        this.wakeUp = resolve;
      });
    }
  }

  private async whenDrained(): Promise<void> {
    if (this.isEnded || (this.controller?.desiredSize ?? 1) > 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.end(tooSlow(this.times.stallMs)), this.times.stallMs);
      this.drained = () => {
        clearTimeout(timer);
        this.drained = undefined;
        resolve();
      };
    });
  }

  private disconnectUnlessTaken(): void {
    const timer = setTimeout(this.query.disconnect, LINGER_MS);
    timer.unref();
  }

  private stop(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    clearInterval(this.heartbeat);
    this.wakeUp?.();
    this.drained?.();
    this.onEnd();
  }
}

function tooSlow(stallMs: number): HoldfastError {
  return new HoldfastError("LISTENER_TOO_SLOW", `nothing was taken from a full buffer for ${stallMs} ms`, {
    hint: "Connect again with the last sequence you saw; nothing is lost.",
  });
}

function revoked(): HoldfastError {
  return new HoldfastError("UNAUTHORIZED", "this token was revoked", { hint: "Ask for a new invite." });
}

// A channel between two threads on which both sides wait by standing still: nothing else happens in a thread meanwhile.

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";

/** Counts of messages sent, one for each end. */
const COUNTERS = 2;

export interface ChannelEnd {
  readonly port: MessagePort;
  readonly counters: Int32Array<SharedArrayBuffer>;
  /** Which of the counters is that of messages to here. */
  readonly inbound: 0 | 1;
}

export function makeCounters(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(COUNTERS * Int32Array.BYTES_PER_ELEMENT));
}

export class Channel {
  readonly #end: ChannelEnd;
  #received = 0;

  constructor(end: ChannelEnd) {
    this.#end = end;
  }

  send(message: unknown): void {
    const outbound = 1 - this.#end.inbound;
    this.#end.port.postMessage(message);
    Atomics.add(this.#end.counters, outbound, 1);
    Atomics.notify(this.#end.counters, outbound);
  }

  /** Stands still until a message is there; undefined when none came within `limitMs`. */
  receive(limitMs = Number.POSITIVE_INFINITY): unknown {
    const { counters, inbound, port } = this.#end;
    while (Atomics.load(counters, inbound) === this.#received) {
      if (Atomics.wait(counters, inbound, this.#received, limitMs) === "timed-out") return undefined;
    }
    this.#received = (this.#received + 1) | 0;
    return (receiveMessageOnPort(port) as { message: unknown }).message;
  }
}

// The thread of one simulated process, as the world sees it.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { Channel, makeCounters } from "./thread-channel.ts";
import type { Answer, Command, ThreadData } from "./thread-protocol.ts";

/** A program that is not quiet after so long runs without end. */
export const MAX_SEGMENT_MS = 10_000;
/** The first command of a thread waits for the thread to start, and for modules to be compiled. */
const MAX_FIRST_MS = 60_000;
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

export class ProcessThread {
  readonly #worker: Worker;
  readonly #channel: Channel;
  readonly #port: MessagePort;
  #first = true;
  /** Its program stands still in a synchronous call. */
  #blocked = false;
  /** Whose program it runs: one that was told all that this one was. */
  owner: object | undefined;

  constructor(data: Omit<ThreadData, "channel">) {
    const { port1, port2 } = new MessageChannel();
    const counters = makeCounters();
    const theirs = { port: port2, counters, inbound: 0 } as const;
    this.#worker = new Worker(THREAD, {
      workerData: { ...data, channel: theirs } satisfies ThreadData,
      transferList: [port2],
    });
    this.#worker.unref();
    port1.unref();
    this.#port = port1;
    this.#channel = new Channel({ port: port1, counters, inbound: 1 });
  }

  /** One answer for each command; undefined when they did not come in time: the thread is of no use any more. */
  ask(commands: readonly Command[]): readonly Answer[] | undefined {
    const limitMs = this.#first ? MAX_FIRST_MS : MAX_SEGMENT_MS;
    this.#first = false;
    const anew = this.#blocked && commands[0]?.do === "start";
    this.#channel.send(anew ? [DROP, ...commands] : commands);
    const answers = this.#channel.receive(limitMs) as Answer[] | undefined;
    this.#blocked = answers?.at(-1)?.blockedIn !== undefined;
    return anew ? answers?.slice(1) : answers;
  }

  terminate(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}

const DROP: Command = { do: "drop", timeMs: 0 };

// The thread of one simulated process, as the world sees it.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { Channel, makeCounters } from "./thread-channel.ts";
import type { Answer, Command, ThreadData } from "./thread-protocol.ts";

/** A thread that has not begun after so long never will. */
const MAX_START_MS = 60_000;
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

export class ProcessThread {
  readonly #worker: Worker;
  readonly #channel: Channel;
  readonly #port: MessagePort;
  #begun = false;
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
  ask(commands: readonly Command[], restMs: number): readonly Answer[] | undefined {
    if (!this.#begun) {
      this.#channel.send([DROP]);
      if (this.#channel.receive(MAX_START_MS) === undefined) throw new Error("a thread does not begin");
      this.#begun = true;
    }
    this.#channel.send(commands);
    const answers = this.#channel.receive(restMs) as Answer[] | undefined;
    this.#blocked = answers?.at(-1)?.blockedIn !== undefined;
    return answers;
  }

  /** Ends what it runs. False: that goes on all the same, and another thread is needed. */
  free(restMs: number): boolean {
    if (!this.#blocked) return true;
    this.#channel.send([DROP]);
    const answers = this.#channel.receive(restMs) as Answer[] | undefined;
    this.#blocked = false;
    return answers?.some(({ stuck }) => stuck) === false;
  }

  terminate(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}

const DROP: Command = { do: "drop", timeMs: 0 };

// The thread of one simulated process, as the world sees it.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { ScenarioError } from "../scenario-error.ts";
import { STILL_MS } from "./restless.ts";
import { Channel, makeCounters } from "./thread-channel.ts";
import type { Answer, Command, ThreadData } from "./thread-protocol.ts";
import { workedMsOf } from "./time-used.ts";

/** A thread that has not begun after so long never will. */
const MAX_START_MS = 60_000;
/** How often it is looked how much a thread has worked. */
const LOOK_MS = 50;
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

export class ProcessThread {
  readonly #worker: Worker;
  readonly #channel: Channel;
  readonly #port: MessagePort;
  readonly #kernelId = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #begun = false;
  /** Its program stands still in a synchronous call. */
  #blocked = false;
  /** Whose program it runs: one that was told all that this one was. */
  owner: object | undefined;

  constructor(data: Omit<ThreadData, "channel" | "kernelId">) {
    const { port1, port2 } = new MessageChannel();
    const counters = makeCounters();
    const theirs = { port: port2, counters, inbound: 0 } as const;
    this.#worker = new Worker(THREAD, {
      workerData: { ...data, channel: theirs, kernelId: this.#kernelId } satisfies ThreadData,
      transferList: [port2],
    });
    this.#worker.unref();
    // Whoever waits for it finds out by itself that it is gone; nobody has to hear of it where nobody listens.
    this.#worker.on("error", () => undefined);
    port1.unref();
    this.#port = port1;
    this.#channel = new Channel({ port: port1, counters, inbound: 1 });
  }

  /** One answer for each command; undefined when they did not come in time: the thread is of no use any more. */
  ask(commands: readonly Command[], restMs: number): readonly Answer[] | undefined {
    if (!this.#begun) {
      this.#channel.send([DROP]);
      if (this.#answersTo(MAX_START_MS) === undefined) throw new Error("a thread does not begin");
      this.#begun = true;
    }
    this.#channel.send(commands);
    const answers = this.#answersTo(restMs);
    this.#blocked = answers?.at(-1)?.blockedIn !== undefined;
    return answers;
  }

  /** Ends what it runs. False: that goes on all the same, and another thread is needed. */
  free(restMs: number): boolean {
    if (!this.#blocked) return true;
    this.#channel.send([DROP]);
    const answers = this.#answersTo(restMs);
    this.#blocked = false;
    return answers?.some(({ stuck }) => stuck) === false;
  }

  /** Undefined when they did not come though the thread had time enough: half of it must be its own work. */
  #answersTo(limitMs: number): readonly Answer[] | undefined {
    const first = this.#channel.receive(limitMs / 2);
    if (first !== undefined) return first as readonly Answer[];
    const before = this.#workedMs();
    for (let looks = 0; looks < STILL_MS / LOOK_MS; looks++) {
      const answers = this.#channel.receive(LOOK_MS);
      if (answers !== undefined) return answers as readonly Answer[];
      if (this.#workedMs() - before >= limitMs / 2) return undefined;
    }
    return undefined;
  }

  #workedMs(): number {
    const id = this.#kernelId[0] ?? 0;
    const worked = workedMsOf(id);
    if (worked !== undefined) return worked;
    throw new ScenarioError("the thread of a simulated process has died", {
      hint: "It may have used up its memory: nothing else ends one from within.",
    });
  }

  terminate(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}

const DROP: Command = { do: "drop", timeMs: 0 };

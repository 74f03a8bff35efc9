// Where histories are written. Scenario processes run in separate module instances or threads: what they note must go
// through the explorer, which knows who notes and in which order. Elsewhere a history keeps its own notes.

import type { PlainData } from "./model.ts";

export interface NotedEvent {
  readonly kind: "invoked" | "returned";
  /** Who noted it. */
  readonly process: string;
  /** Its place among all events of all histories. */
  readonly position: number;
  readonly record: PlainData;
}

export interface Notes {
  invoked(history: string, record: PlainData): void;
  returned(history: string, record: PlainData): void;
  /** All events of the history, in order. */
  all(history: string): readonly NotedEvent[];
}

/** More events than this in one history are refused. */
const MAX_EVENTS = 100_000;

/** Notes in memory, for all that runs in one process. */
export class MemoryNotes implements Notes {
  readonly #events = new Map<string, NotedEvent[]>();
  #position = 0;

  invoked(history: string, record: PlainData): void {
    this.#note(history, "invoked", record);
  }

  returned(history: string, record: PlainData): void {
    this.#note(history, "returned", record);
  }

  all(history: string): readonly NotedEvent[] {
    return this.#events.get(history) ?? [];
  }

  #note(history: string, kind: NotedEvent["kind"], record: PlainData): void {
    const events = this.#events.get(history) ?? [];
    if (events.length >= MAX_EVENTS)
      throw new RangeError(`the history "${history}" has ${MAX_EVENTS} events; make it shorter`);
    events.push({ kind, process: "", position: this.#position++, record });
    this.#events.set(history, events);
  }
}

let provider: () => Notes | undefined = () => undefined;

/** Tells where notes go; asked anew for every note. While it gives undefined, histories keep their own. */
export function setNotes(next: () => Notes | undefined): void {
  provider = next;
}

export function providedNotes(): Notes | undefined {
  return provider();
}

// What the processes note for histories.
//
// A call that begins after another has come back comes after it, for everyone: linearizability speaks of this order. So
// the two must not be exchanged, while two beginnings may, and two ends.

import { type Resource, resource, resourceName } from "../footprint.ts";
import type { PlainData } from "../history/model.ts";
import type { NotedEvent } from "../history/notes.ts";
import type { SimulatedProcess } from "./process.ts";

const ENDS = "ends of calls in ";

/** Whether only histories see this resource: it says nothing of the programs. */
export function isOfHistories(what: Resource): boolean {
  return resourceName(what).startsWith(ENDS);
}

export class WorldNotes {
  readonly #events = new Map<string, NotedEvent[]>();
  #position = 0;

  note(process: SimulatedProcess, history: string, kind: NotedEvent["kind"], record: PlainData): void {
    const ends = resource(`${ENDS}${history}`);
    if (kind === "invoked") process.footprint.read(ends);
    else process.footprint.add(ends);
    const events = this.#events.get(history) ?? [];
    events.push({ kind, process: process.name + "'".repeat(process.incarnation), position: this.#position++, record });
    this.#events.set(history, events);
  }

  of(history: string): readonly NotedEvent[] {
    return this.#events.get(history) ?? [];
  }
}

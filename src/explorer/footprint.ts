// What an effect touched, as far as it matters to others: the ground on which two effects are called independent.
//
// A footprint is told by the outcome, not by the call: a `mkdir` that failed because the name was taken has only read
// that name. Two effects whose footprints do not meet may be exchanged without anyone seeing a difference. So whatever decides
// what comes of an effect is read, also when nothing is done then: else the two would meet in one order and not in the other.

/** A thing in the world that effects touch, as a small number. The same name is the same number for this thread's life. */
export type Resource = number;

const numbers = new Map<string, Resource>();
const names: string[] = [];

/** The number of a resource. Names must not depend on the order in which processes came by: the runs are compared. */
export function resource(name: string): Resource {
  let number = numbers.get(name);
  if (number === undefined) {
    number = names.length;
    names.push(name);
    numbers.set(name, number);
  }
  return number;
}

export function resourceName(number: Resource): string {
  return names[number] ?? `resource ${number}`;
}

/**
 * `read` looks; `write` changes; `add` changes in a way that commutes with other `add`s (two names put into one
 * directory, a link count that goes up): two `add`s do not meet, an `add` and a `read` do.
 */
export const READ = 0;
export const ADD = 1;
export const WRITE = 2;
export type Access = typeof READ | typeof ADD | typeof WRITE;

/** A flat list: resource * 4 + access. `EVERYTHING`, alone, meets all: time that moved on, power that went. */
export type Touched = number[];
export const EVERYTHING = -1;

export class Footprint {
  touched: Touched = [];
  /** No earlier than anything that was touched by others before, in a way that can be seen here. */
  timeMs = 0;
  /** When each resource was last touched, by access; kept from the first moment at which time has passed. */
  times: Map<Resource, [read: number, add: number, write: number]> | undefined;

  read(what: Resource): void {
    this.note(what * 4 + READ);
  }
  add(what: Resource): void {
    this.note(what * 4 + ADD);
  }
  write(what: Resource): void {
    this.note(what * 4 + WRITE);
  }
  /** As `write` and `read`, for what decides whether something can happen and is no way for time to be learned of. */
  order(what: Resource, access: Access): void {
    const touch = what * 4 + access;
    if (this.touched[0] !== EVERYTHING && !this.touched.includes(touch)) this.touched.push(touch);
  }
  all(): void {
    this.touched = [EVERYTHING];
  }
  private note(touch: number): void {
    if (this.touched[0] === EVERYTHING || this.touched.includes(touch)) return;
    this.touched.push(touch);
    const times = this.times?.get(touch >> 2);
    if (times === undefined) return;
    const access = touch & 3;
    const [read, add, write] = times;
    this.timeMs = Math.max(this.timeMs, write, access === READ ? add : read, access === WRITE ? add : 0);
  }
  /** Enters when what is touched now was touched. */
  stamp(timeMs: number): void {
    const { times } = this;
    if (times === undefined) return;
    for (const touch of this.touched) {
      const entry = times.get(touch >> 2) ?? [0, 0, 0];
      const access = (touch & 3) as Access;
      entry[access] = Math.max(entry[access], timeMs);
      times.set(touch >> 2, entry);
    }
  }
  /** What was noted since the last time, which starts anew. */
  take(): Touched {
    const taken = this.touched;
    this.touched = [];
    this.timeMs = 0;
    return taken;
  }
}

/** Whether exchanging two effects could be seen. */
export function meet(a: Touched, b: Touched): boolean {
  if (a[0] === EVERYTHING || b[0] === EVERYTHING) return true;
  for (const one of a) {
    for (const other of b) {
      if (one >> 2 !== other >> 2) continue;
      const access = one & 3;
      if (access === WRITE || access !== (other & 3)) return true;
    }
  }
  return false;
}

/** Whether nothing was changed. */
export function onlyRead(touched: Touched): boolean {
  return touched.every((touch) => touch !== EVERYTHING && (touch & 3) === READ);
}

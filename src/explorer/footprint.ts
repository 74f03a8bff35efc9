// What an effect touched, as far as it matters to others: the ground on which two effects are called independent.
//
// A footprint is told by the outcome, not by the call: a `mkdir` that failed because the name was taken has only read
// that name. Two effects whose footprints do not meet may be exchanged without anyone seeing a difference.

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

/** A flat list: resource * 4 + access. */
export type Touched = number[];

export class Footprint {
  touched: Touched = [];

  read(what: Resource): void {
    this.note(what * 4 + READ);
  }
  add(what: Resource): void {
    this.note(what * 4 + ADD);
  }
  write(what: Resource): void {
    this.note(what * 4 + WRITE);
  }
  private note(touch: number): void {
    if (!this.touched.includes(touch)) this.touched.push(touch);
  }
  /** What was noted since the last time, which starts anew. */
  take(): Touched {
    const taken = this.touched;
    this.touched = [];
    return taken;
  }
}

/** Whether exchanging two effects could be seen. */
export function meet(a: Touched, b: Touched): boolean {
  for (const one of a) {
    for (const other of b) {
      if (one >> 2 !== other >> 2) continue;
      const access = one & 3;
      if (access === WRITE || access !== (other & 3)) return true;
    }
  }
  return false;
}

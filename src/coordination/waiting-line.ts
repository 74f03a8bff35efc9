// The line in front of a lock: who came first is served first.
//
// A waiter is a ticket `waiting/<number>.<token>` holding its record. Its number is one above the highest in the line, and
// equal numbers (two came at once) are ordered by token. A waiter beats its ticket at every look; a ticket whose owner is
// dead, or which has not been beaten for a second of our looking, is taken out by those behind it, so that nobody
// waits for somebody who would not come. The tickets only order the wait: who holds the lock is decided by generations.

import { mkdirSync, readdirSync, renameSync, rmdirSync, utimesSync } from "node:fs";
import { assert, systemCode } from "../errors.ts";
import { prepare, readRecord, removeQuietly, uniqueToken, WAITING } from "./generations.ts";
import { judge, type LockRecord } from "./owner.ts";
import { Silence } from "./silence.ts";

/** A waiter that has not beaten its ticket for this long is passed over, in milliseconds. */
const SILENT_WAITER_MS = 1000;
/** How many tickets at the head of the line are looked at each time; bounds the cost of long lines. */
const LOOKED_AT = 8;

export interface Ticket {
  readonly file: string;
  readonly number: number;
}

/** The tickets in order of service; empty when nobody waits. */
export function ticketsOf(lockDir: string): readonly Ticket[] {
  const dir = `${lockDir}/${WAITING}`;
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const digits = /^(\d{1,15})\./.exec(name)?.[1];
      return digits === undefined ? [] : [{ file: `${dir}/${name}`, number: Number(digits) }];
    })
    .sort((a, b) => a.number - b.number || (a.file < b.file ? -1 : 1));
}

/** One waiter's place in the line. */
export class WaitingLine {
  readonly #lockDir: string;
  readonly #record: LockRecord;
  readonly #token = uniqueToken();
  readonly #silence = new Silence();
  readonly #ownersByFile = new Map<string, LockRecord>();
  #mine: Ticket | undefined;
  #beats = 0;
  #ahead = 0;

  constructor(lockDir: string, record: LockRecord) {
    this.#lockDir = lockDir;
    this.#record = record;
  }

  /** How many stood ahead at the last look. */
  get ahead(): number {
    return this.#ahead;
  }

  /**
   * Beats our ticket (makes it, at the end of the line, at the first call) and says whether nobody alive is ahead.
   * `generation` is the highest one seen: what we prepare is named after it, so that the next holder sweeps what a crash
   * leaves behind.
   */
  isFirst(generation: number): boolean {
    if (this.#mine === undefined || !this.#beat(this.#mine)) this.#enter(generation);
    const mine = this.#mine;
    assert(mine !== undefined, "a waiter has a ticket");
    const line = ticketsOf(this.#lockDir);
    // Our ticket may have been taken out just now, and is put back at the next look.
    const place = line.findIndex((ticket) => ticket.file === mine.file);
    this.#ahead = Math.max(0, place);
    for (const ticket of line.slice(0, Math.min(LOOKED_AT, this.#ahead))) {
      if (!this.#hasLeft(ticket)) continue;
      removeQuietly(ticket.file);
      this.#ahead -= 1;
    }
    return place >= 0 && this.#ahead === 0;
  }

  leave(): void {
    if (this.#mine === undefined) return;
    removeQuietly(this.#mine.file);
    this.#mine = undefined;
    try {
      rmdirSync(`${this.#lockDir}/${WAITING}`); // fails while others wait
    } catch {
      // Somebody waits, or somebody else removed it.
    }
  }

  #enter(generation: number): void {
    // A ticket that was taken out of the line while we were stopped keeps its number: we did come then.
    const last = ticketsOf(this.#lockDir).at(-1)?.number ?? 0;
    const number = this.#mine?.number ?? last + 1;
    const file = `${this.#lockDir}/${WAITING}/${number}.${this.#token}`;
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const ready = prepare(this.#lockDir, generation, this.#record);
      try {
        mkdirSync(`${this.#lockDir}/${WAITING}`, { recursive: true });
        renameSync(ready, file);
        this.#mine = { file, number };
        return;
      } catch (error) {
        removeQuietly(ready);
        // Another waiter removed the empty line, or a holder swept what we prepared: once more.
        if (systemCode(error) !== "ENOENT") throw error;
      }
    }
    assert(false, "a ticket can be placed within 100 attempts");
  }

  /** Shows life. A count and not a time, so that a clock set back cannot make two beats look alike. */
  #beat(ticket: Ticket): boolean {
    this.#beats += 1;
    try {
      utimesSync(ticket.file, this.#beats, this.#beats);
      return true;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    }
  }

  #hasLeft(ticket: Ticket): boolean {
    let owner = this.#ownersByFile.get(ticket.file);
    if (owner === undefined) {
      const record = readRecord(ticket.file);
      if (record === "gone") return true;
      if (record !== "unreadable") {
        owner = record;
        this.#ownersByFile.set(ticket.file, record);
      }
    }
    if (owner !== undefined && judge(owner) === "dead") return true;
    return this.#silence.observe(ticket.file) >= SILENT_WAITER_MS;
  }
}

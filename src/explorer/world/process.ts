// A simulated process, as the kernel knows it: what it has asked for, what it holds, and whether it lives.

import type { DiskCaller } from "../disk/caller.ts";
import type { Call, WatchNotice } from "../disk/calls.ts";
import type { Directory } from "../disk/inode.ts";
import { OpenFiles } from "../disk/open-files.ts";
import type { Footprint } from "../footprint.ts";
import type { Item } from "../search/system.ts";
import type { StepKind } from "../trace.ts";
import type { Inbox } from "./port.ts";
import { lifeNumber } from "./process-table.ts";

/** Tokens of one incarnation: a program that asks for more in one run has lost its way. */
export const MAX_TOKENS = 1 << 20;
export const MAX_INCARNATIONS = 8;
/** Inode numbers that one incarnation may give. */
const INODES_EACH = 1 << 20;

/** Which life of which process made an inode; undefined for those that are there from the beginning. */
export function makerOf(inode: number): { index: number; incarnation: number } | undefined {
  const life = Math.floor(inode / INODES_EACH) - 1;
  if (!(life >= 0)) return undefined;
  return { index: Math.floor(life / MAX_INCARNATIONS), incarnation: life % MAX_INCARNATIONS };
}

export interface WorldItem extends Item {
  readonly kind: StepKind;
  readonly token: number;
  readonly call: Call | undefined;
  readonly notice?: WatchNotice;
  readonly site: string | undefined;
  /** The process's time when it was asked for. */
  readonly sinceMs: number;
  patienceMs: number;
  /** What happens, for what a service brings about; returns what is to be told of it. */
  readonly act?: () => unknown;
  /** When it can happen; without, whenever the process neither stands still in a call nor is stalled. */
  readonly ready?: () => boolean;
  /** For traces: the name of the choice, and what it is. */
  readonly told?: { readonly choice: string; readonly call: string };
}

export interface ProcessWorld {
  readonly footprint: Footprint;
  readonly root: Directory;
  readonly pid: number;
  readonly timeMs: number;
}

export class SimulatedProcess implements DiskCaller {
  readonly index: number;
  readonly name: string;
  readonly pid: number;
  readonly incarnation: number;
  readonly startedMs: number;
  inbox: Inbox | undefined;
  alive = true;
  settled = false;
  /** Nothing kept it alive, and it was told so; then, that it is over. */
  leaving = false;
  quitting = false;
  exitCode: number | undefined;
  /** Effects asked for, in order. */
  readonly effects: WorldItem[] = [];
  /** By when they are due, then in the order in which they were set. */
  readonly timers: WorldItem[] = [];
  readonly immediates: WorldItem[] = [];
  readonly notices: WorldItem[] = [];
  /** What others sent, and what services will bring about; in any order. */
  readonly arrivals: WorldItem[] = [];
  /** Signals that the program listens for. */
  readonly listensFor = new Set<string>();
  /** Tokens of what keeps it alive beside effects. */
  readonly holds = new Set<number>();
  /** A name that it could not make because it was there; until it changes something. */
  refused: string | undefined;
  /** Its last step was a look at something: all that came of it is in its memory. */
  onlyLooked = false;
  /** It stands in a synchronous call: nothing else of it can happen. */
  blockedOn: WorldItem | undefined;
  /** While it is stalled: until when. */
  stalledUntilMs: number | undefined;
  stalledAt = -1;
  /** How late it is for this process; see world.ts on time. */
  timeMs: number;

  // What the disk needs of it.
  readonly process: string;
  readonly files = new OpenFiles();
  readonly footprint: Footprint;
  readonly uid: number;
  readonly gid: number;
  cwd: Directory;
  umask = 0o022;
  #inodes = 0;
  #random = 0;
  #watches = 0;
  #databases = 0;
  #notices = 0;

  constructor(index: number, name: string, incarnation: number, world: ProcessWorld) {
    this.index = index;
    this.name = name;
    this.process = name;
    this.cwd = world.root;
    this.incarnation = incarnation;
    this.pid = world.pid;
    this.startedMs = world.timeMs;
    this.footprint = world.footprint;
    this.timeMs = world.timeMs;
    this.uid = 1000;
    this.gid = 1000;
  }

  /** A number that no other life of any process has: what it draws by lot begins there. */
  get life(): number {
    return lifeNumber(this.index, this.incarnation);
  }

  /** The id of one of its items: the same whenever it has gone the same way so far. */
  itemId(token: number): number {
    return (this.index * MAX_INCARNATIONS + this.incarnation) * MAX_TOKENS + token;
  }
  now(): number {
    return Math.max(this.timeMs, this.footprint.timeMs);
  }
  nextInode(): number {
    this.#inodes += 1;
    return (this.index * MAX_INCARNATIONS + this.incarnation + 1) * INODES_EACH + this.#inodes;
  }
  nextWatch(): number {
    this.#watches += 1;
    return this.#watches;
  }
  /** Notices have tokens of their own, above those that the program gives. */
  nextNotice(): number {
    this.#notices += 1;
    return MAX_TOKENS / 2 + this.#notices;
  }
  /** A number for an open database. */
  nextDatabase(): number {
    this.#databases += 1;
    return this.itemId(this.#databases);
  }
  /** Six characters that no other process and no other call gets. */
  randomName(): string {
    this.#random += 1;
    const number = (this.index * MAX_INCARNATIONS + this.incarnation) * 46_656 + this.#random;
    return number.toString(36).padStart(6, "0").slice(-6);
  }

  /** For traces: the name, and how often it was started again. */
  get nameOfThisLife(): string {
    return this.name + "'".repeat(this.incarnation);
  }
  /** It can go on when its turn comes. */
  get isFree(): boolean {
    return this.blockedOn === undefined && this.stalledUntilMs === undefined;
  }

  /** It does not end by itself as long as this is true. */
  get isBusy(): boolean {
    return this.effects.length > 0 || this.holds.size > 0;
  }

  /** All that keeps it alive are these tokens. */
  isHeldOnlyBy(tokens: ReadonlySet<number>): boolean {
    return this.effects.length === 0 && [...this.holds].every((token) => tokens.has(token));
  }

  /** Everything that is pending, and has not been taken away. */
  *pending(): Iterable<WorldItem> {
    if (this.blockedOn !== undefined) yield this.blockedOn;
    yield* this.effects;
    yield* this.timers;
    yield* this.immediates;
    yield* this.notices;
    yield* this.arrivals;
  }
  forgetPending(): void {
    for (const list of [this.effects, this.timers, this.immediates, this.notices, this.arrivals]) list.length = 0;
    this.holds.clear();
    this.blockedOn = undefined;
  }
}

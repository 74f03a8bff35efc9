// One run: the disk, the clock and the processes, and what can happen next in it.
//
// Time. Effects take none. It passes where a process waits: when a timer fires, it is at least as late as the timer was
// set for, for this process. For others it is as late as for those whose doings they have seen, and so never earlier than
// what they can see (Lamport's clocks, in milliseconds). No step depends on a clock that all share, and what does not
// meet stays exchangeable. A timer may fire while others still have something to do, but not so late that anybody who is
// not stalled would have been kept waiting for more than `PROMPT_MS`: what takes longer is a stall, with its own bound.

import { type Call, SystemFault, type WatchNotice } from "../disk/calls.ts";
import { Disk } from "../disk/disk.ts";
import { Footprint, type Touched } from "../footprint.ts";
import type { RaceOptions } from "../options.ts";
import type { Cancelled, Execution } from "../search/system.ts";
import type { Violation, ViolationKind } from "../trace.ts";
import { Faults } from "./faults.ts";
import type { Failure, Inbox, Port } from "./port.ts";
import { SimulatedProcess, type WorldItem } from "./process.ts";
import { BEGINNING_MS, PROMPT_MS } from "./time.ts";

/** Synchronous calls meet each other in this scenario: its processes need threads of their own. */
export class NeedsThreads extends Error {
  override name = "NeedsThreads";
}

/** The scenario itself is at fault, or the explorer cannot do what it asks for. */
export class Refused extends Error {
  override name = "Refused";
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Answers calls beside those on files: `kill`, `fetch`, SQLite. Undefined: not its call. */
export interface Service {
  perform(process: SimulatedProcess, call: Call, token: number): { result: unknown } | "later" | undefined;
  /** The process is gone: what it held open is let go. */
  ended(process: SimulatedProcess): void;
}

export type StartProgram = (process: SimulatedProcess, port: Port) => Inbox;

/** Hears what happened, for traces. */
export interface Observer {
  /** Before it happens; what is returned is called afterwards. */
  happening(
    item: WorldItem,
    process: SimulatedProcess | undefined,
    world: World,
  ): (outcome: unknown, touched: Touched) => void;
}

export interface Host {
  /** Whether synchronous calls are waited for in threads of their own. */
  readonly threaded: boolean;
  readonly start: StartProgram;
  /** Judges the run once nothing more can happen. */
  finish(world: World): void;
  mayFail(process: string): boolean;
}

export class World implements Execution {
  readonly footprint = new Footprint();
  readonly cancelled: Cancelled[] = [];
  disk: Disk;
  /** Where the time of a process that starts begins. */
  #startMs = BEGINNING_MS;
  readonly processes: SimulatedProcess[] = [];
  readonly services: Service[] = [];
  readonly faults: Faults;
  violation: Violation | undefined;
  observer: Observer | undefined;
  /** Why nothing can be concluded from this run; whatever the program made of the error that it got. */
  abandoned: NeedsThreads | Refused | undefined;
  /** Effects are chosen by the search; before and after, they happen as they come. */
  racing = false;
  readonly #threaded: boolean;
  readonly #start: StartProgram;
  readonly #finish: (world: World) => void;
  readonly #mayFail: (process: string) => boolean;
  #event = -1;
  #toStart = 0;
  #enabled: WorldItem[] | undefined;

  constructor(options: RaceOptions, host: Host) {
    this.#threaded = host.threaded;
    this.#start = host.start;
    this.#finish = host.finish;
    this.#mayFail = host.mayFail;
    this.disk = new Disk({ trackDurability: options.powerLoss === true });
    this.faults = new Faults(options, this);
  }

  /** From here on the search chooses what happens; what was done before is durable. */
  startRacing(processes: number): void {
    this.#toStart = processes;
    this.disk.syncAll();
    this.#startMs = this.latestMs;
    this.footprint.take();
    this.racing = true;
  }
  /** All is over: what happens now, happens in order. */
  stopRacing(): void {
    this.racing = false;
    this.#startMs = this.latestMs;
  }

  /** Starts a process; what it asks for at once is there when this returns. */
  startProcess(index: number, name: string, incarnation = 0, timeMs = this.#startMs): SimulatedProcess {
    const process = new SimulatedProcess(index, name, incarnation, {
      footprint: this.footprint,
      root: this.disk.root,
      timeMs,
    });
    this.processes[index] = process;
    process.inbox = this.#start(process, this.#port(process));
    process.inbox.start();
    this.#ifAtEnd(process);
    return process;
  }

  get eventNumber(): number {
    return this.#event;
  }

  // What the search sees.

  enabled(): readonly WorldItem[] {
    if (this.#enabled !== undefined) return this.#enabled;
    const enabled: WorldItem[] = [];
    if (this.violation === undefined && this.abandoned === undefined) {
      for (const process of this.processes) if (process.alive) this.#enabledOf(process, enabled);
      this.faults.addTo(enabled);
    }
    this.#enabled = enabled;
    return enabled;
  }

  #enabledOf(process: SimulatedProcess, enabled: WorldItem[]): void {
    if (process.stalledUntilMs !== undefined) return;
    if (process.blockedOn !== undefined) {
      enabled.push(process.blockedOn);
      return;
    }
    for (const item of process.effects) enabled.push(item);
    const notice = process.notices[0];
    if (notice !== undefined) enabled.push(notice);
    const immediate = process.immediates[0];
    if (immediate !== undefined) enabled.push(immediate);
    const timer = process.timers[0];
    if (timer !== undefined && this.mayPassUntil(timer.dueMs as number, process)) enabled.push(timer);
  }

  /** Whether it may get so late for a process without keeping another waiting for too long. */
  mayPassUntil(timeMs: number, by: SimulatedProcess): boolean {
    for (const process of this.processes) {
      if (!process.alive || process.stalledUntilMs !== undefined) continue;
      if (process.blockedOn !== undefined && process.blockedOn.patienceMs < timeMs) return false;
      for (const item of process.effects) if (item.patienceMs < timeMs) return false;
      for (const item of process.notices) if (item.patienceMs < timeMs) return false;
      for (const item of process.immediates) if (item.patienceMs < timeMs) return false;
      const timer = process === by ? undefined : process.timers[0];
      if (timer !== undefined && timer.patienceMs < timeMs) return false;
    }
    return true;
  }

  /** The latest that it is for anybody. */
  get latestMs(): number {
    let latest = this.#startMs;
    for (const process of this.processes) if (process !== undefined && process.timeMs > latest) latest = process.timeMs;
    return latest;
  }

  /** It is at least so late for a process now. */
  pass(process: SimulatedProcess, timeMs: number): void {
    if (timeMs <= process.timeMs) return;
    process.timeMs = timeMs;
    this.footprint.times ??= new Map();
  }

  perform(item: WorldItem): Touched {
    this.#enabled = undefined;
    if (this.racing) this.#event += 1;
    const process = item.process < 0 ? undefined : this.processes[item.process];
    const telling = this.observer?.happening(item, process, this);
    let outcome: unknown;
    if (item.fault || item.kind === "restart" || item.kind === "resume") outcome = this.faults.perform(item);
    else if (process !== undefined) outcome = this.#take(process, item);
    if (process !== undefined) {
      this.pass(process, this.footprint.timeMs);
      this.footprint.stamp(process.timeMs);
    }
    const touched = this.footprint.take();
    telling?.(outcome, touched);
    return touched;
  }

  #take(process: SimulatedProcess, item: WorldItem): unknown {
    const inbox = process.inbox as Inbox;
    let outcome: unknown;
    switch (item.kind) {
      case "effect": {
        if (process.blockedOn === item) process.blockedOn = undefined;
        else remove(process.effects, item);
        const { fault, result, later } = this.call(process, item.call as Call, item.token);
        this.pass(process, this.footprint.timeMs);
        outcome = fault ?? result;
        if (later) process.holds.add(item.token);
        else inbox.settle(item.token, fault, result);
        break;
      }
      case "timer":
        remove(process.timers, item);
        process.holds.delete(item.token);
        this.pass(process, item.dueMs as number);
        inbox.fire(item.token);
        break;
      case "notice":
        remove(process.notices, item);
        outcome = item.notice;
        inbox.notice(item.notice as WatchNotice);
        break;
      default:
        remove(process.immediates, item);
        process.holds.delete(item.token);
        inbox.fire(item.token);
    }
    this.#ifAtEnd(process);
    return outcome;
  }

  /** Performs a call for a process at once. */
  call(process: SimulatedProcess, call: Call, token: number): { fault?: unknown; result?: unknown; later?: boolean } {
    try {
      for (const service of this.services) {
        const answer = service.perform(process, call, token);
        if (answer === "later") return { later: true };
        if (answer !== undefined) return answer;
      }
      const result = this.disk.perform(process, call.op as never, call.args as never);
      this.#tellWatchers();
      return { result };
    } catch (fault) {
      if (fault instanceof SystemFault) return { fault };
      throw fault;
    }
  }

  #tellWatchers(): void {
    for (const { process: name, notice } of this.disk.takeNotices()) {
      const process = this.processes.find((one) => one.alive && one.name === name);
      if (process === undefined) continue;
      const token = process.nextNotice();
      process.notices.push(this.#item(process, "notice", token, undefined, undefined, { notice }));
    }
  }

  // What the programs say.

  #port(process: SimulatedProcess): Port {
    const live = (): boolean => process.alive;
    return {
      later: (token, call, site) => {
        if (live()) process.effects.push(this.#item(process, "effect", token, call, site));
      },
      now: (token, call, site) => this.#now(process, token, call, site),
      timer: (token, delayMs, held) => {
        if (!live()) return;
        const dueMs = process.timeMs + delayMs;
        const patienceMs = dueMs + PROMPT_MS;
        insert(process.timers, this.#item(process, "timer", token, undefined, undefined, { dueMs, patienceMs }));
        if (held) process.holds.add(token);
      },
      immediate: (token, held) => {
        if (!live()) return;
        process.immediates.push(this.#item(process, "effect", token, undefined, undefined));
        if (held) process.holds.add(token);
      },
      hold: (token) => void process.holds.add(token),
      held: (token, held) => void (held ? process.holds.add(token) : process.holds.delete(token)),
      cancel: (token) => this.#cancel(process, token),
      clock: () => process.now(),
      settled: () => {
        process.settled = true;
      },
      failed: (kind, failure) => this.#failed(process, kind, failure),
      exited: (code) => {
        if (code === 0) this.end(process, 0);
        else this.#failed(process, "exit-code", { name: "Error", message: `it exited with code ${code}` });
      },
      refused: (failure) => {
        this.abandoned ??= new Refused(failure);
      },
    };
  }

  #now(process: SimulatedProcess, token: number, call: Call, site: string | undefined): unknown {
    if (!process.alive) throw new SystemFault("EIO");
    if (this.racing && this.#threaded) {
      process.blockedOn = this.#item(process, "effect", token, call, site);
      return undefined;
    }
    if (this.racing && !this.#alone(process)) {
      this.abandoned ??= new NeedsThreads(`${call.op} by ${process.name}`);
      throw this.abandoned;
    }
    const { fault, result } = this.call(process, call, token);
    if (fault !== undefined) throw fault;
    return result;
  }

  /** Whether nobody could see the difference if this process did several things at once. */
  #alone(process: SimulatedProcess): boolean {
    if (this.faults.any || this.processes.length <= this.#toStart) return false;
    return !this.processes.some((other) => other !== process && other.alive && other.index > 0);
  }

  #cancel(process: SimulatedProcess, token: number): void {
    process.holds.delete(token);
    const timer = process.timers.find((one) => one.token === token);
    const immediate = process.immediates.find((one) => one.token === token);
    if (timer !== undefined) remove(process.timers, timer);
    if (immediate !== undefined) remove(process.immediates, immediate);
    const item = timer ?? immediate;
    if (item !== undefined && this.racing) this.cancelled.push({ item, byEvent: this.#event });
  }

  #failed(process: SimulatedProcess, kind: ViolationKind, failure: Failure): void {
    if (!process.alive) return;
    if (process.index > 0 && this.#mayFail(process.name)) {
      this.end(process, 1);
      return;
    }
    this.violation ??= {
      kind,
      process: process.name,
      message: failure.message,
      ...(failure.stack && { stack: failure.stack }),
    };
    this.end(process, 1);
  }

  /** A process whose function has settled, and that nothing keeps alive, leaves. */
  #ifAtEnd(process: SimulatedProcess): void {
    if (!process.alive || !process.settled || process.effects.length > 0 || process.holds.size > 0) return;
    process.inbox?.leave(0);
    if (process.effects.length === 0 && process.holds.size === 0) this.end(process, 0);
  }

  /** The process is no more: by itself, or killed. */
  end(process: SimulatedProcess, exitCode: number | undefined): void {
    if (!process.alive) return;
    process.alive = false;
    process.exitCode = exitCode;
    if (this.racing) {
      for (const item of process.pending()) this.cancelled.push({ item, byEvent: this.#event });
    }
    process.forgetPending();
    process.inbox?.drop?.();
    this.disk.closeAll(process);
    for (const service of this.services) service.ended(process);
  }

  #item(
    process: SimulatedProcess,
    kind: WorldItem["kind"],
    token: number,
    call: Call | undefined,
    site: string | undefined,
    more?: Partial<WorldItem>,
  ): WorldItem {
    return {
      id: process.itemId(token),
      process: process.index,
      bornAt: this.racing ? this.#event : -1,
      fault: false,
      kind,
      token,
      call,
      site,
      sinceMs: process.timeMs,
      patienceMs: process.timeMs + PROMPT_MS,
      ...more,
    };
  }

  finish(): void {
    this.#finish(this);
  }
  close(): void {
    for (const process of this.processes) {
      process.alive = false;
      process.inbox?.drop?.();
    }
  }
}

function remove(list: WorldItem[], item: WorldItem): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

/** By time, and those of one time in the order in which they were set. */
function insert(timers: WorldItem[], item: WorldItem): void {
  let at = timers.length;
  while (at > 0 && dueOf(timers[at - 1]) > dueOf(item)) at -= 1;
  timers.splice(at, 0, item);
}

function dueOf(timer: WorldItem | undefined): number {
  return timer?.dueMs ?? 0;
}

// One run: the disk, the clock and the processes, and what can happen next in it.
//
// Time. Effects take none. It passes where a process waits: when a timer fires, it is at least as late as the timer was
// set for, for this process. For others it is as late as for those whose doings they have seen, and so never earlier than
// what they can see (Lamport's clocks, in milliseconds). No step depends on a clock that all share, and what does not
// meet stays exchangeable. A timer may fire while others still have something to do, but not so late that anybody who is
// not stalled would have been kept waiting for more than `PROMPT_MS`: what takes longer is a stall, with its own bound.

import { type Call, SystemFault, type WatchNotice } from "../disk/calls.ts";
import { Disk } from "../disk/disk.ts";
import { Footprint, onlyRead, READ, type Touched, WRITE } from "../footprint.ts";
import type { RaceOptions } from "../options.ts";
import { type Cancelled, type Execution, WAITED_FOR } from "../search/system.ts";
import type { Violation } from "../trace.ts";
import { Databases } from "./databases.ts";
import { addEnabled } from "./enabled.ts";
import { Faults } from "./faults.ts";
import type { Host, NeedsThreads, Observer, Refused, Service, StartProgram } from "./host.ts";
import { type LeftBehind, nameOf } from "./left-behind.ts";
import { Network } from "./network.ts";
import { WorldNotes } from "./notes.ts";
import { dropNotices, tellWatchers } from "./notices.ts";
import { remove } from "./pending.ts";
import type { Inbox } from "./port.ts";
import { portOf } from "./port-of.ts";
import { SimulatedProcess, type WorldItem } from "./process.ts";
import { lifeOf, ProcessTable } from "./process-table.ts";
import { Signals } from "./signals.ts";
import { BEGINNING_MS, PROMPT_MS } from "./time.ts";

/** After one of these a process is not at the name any more that it could not make. */
const CHANGES = new Set(["write", "mkdir", "rmdir", "unlink", "rename", "link", "symlink"]);

export class World implements Execution {
  readonly footprint = new Footprint();
  readonly cancelled: Cancelled[] = [];
  disk: Disk;
  /** Where the time of a process that starts begins. */
  #startMs = BEGINNING_MS;
  readonly processes: SimulatedProcess[] = [];
  readonly table: ProcessTable;
  readonly databases = new Databases(this);
  readonly services: Service[] = [];
  readonly notes = new WorldNotes();
  readonly faults: Faults;
  violation: Violation | undefined;
  /** What was chosen in the run, and whose turn that was. */
  readonly choices: number[] = [];
  readonly turns: number[] = [];
  /** Of a run that never ends: the step from which on nothing but the loop goes on. */
  loopsFrom: number | undefined;
  /** What somebody waits for in vain. */
  left: LeftBehind | undefined;
  observer: Observer | undefined;
  /** Why nothing can be concluded from this run; whatever the program made of the error that it got. */
  abandoned: NeedsThreads | Refused | undefined;
  /** Effects are chosen by the search; before and after, they happen as they come. */
  racing = false;
  readonly threaded: boolean;
  readonly #start: StartProgram;
  readonly #finish: (world: World) => void;
  readonly mayFail: (process: string) => boolean;
  #event = -1;
  /** Processes that the scenario has, and how many of them have not started yet. */
  racers = 0;
  toStart = 0;
  #enabled: WorldItem[] | undefined;
  /** Until when that which happens now could have waited; 0 for what nothing brought about. */
  presentPatienceMs = 0;

  constructor(options: RaceOptions, host: Host) {
    this.threaded = host.threaded;
    this.#start = host.start;
    this.#finish = host.finish;
    this.mayFail = host.mayFail;
    this.table = new ProcessTable(this, options.reusePids === true);
    this.disk = new Disk({ trackDurability: options.powerLoss === true, processes: this.table });
    this.faults = new Faults(options, this);
    this.services.push(new Signals(this), new Network(this, options.network), this.databases);
  }

  /** From here on the search chooses what happens; what was done before is durable. */
  startRacing(processes: number): void {
    this.toStart = processes;
    this.racers = processes;
    this.disk.syncAll();
    this.#startMs = this.latestMs;
    this.footprint.take();
    this.footprint.times = undefined;
    this.racing = true;
  }
  /** All is over: what happens now, happens in order. */
  stopRacing(): void {
    this.racing = false;
    this.#startMs = this.latestMs;
  }

  /** Starts a process; what it asks for at once is there when this returns. */
  startProcess(index: number, name: string, incarnation = 0, timeMs = this.#startMs): SimulatedProcess {
    const pid = this.table.pidOf(index, incarnation);
    const kernel = { footprint: this.footprint, root: this.disk.root, pid, timeMs };
    const process = new SimulatedProcess(index, name, incarnation, kernel);
    this.processes[index] = process;
    process.inbox = this.#start(process, portOf(this, process));
    process.inbox.start();
    this.#ifAtEnd(process);
    return process;
  }

  /** Whether anybody has waited since the race began. */
  get timePassed(): boolean {
    return this.footprint.times !== undefined;
  }

  get eventNumber(): number {
    return this.#event;
  }

  // What the search sees.

  enabled(): readonly WorldItem[] {
    if (this.#enabled !== undefined) return this.#enabled;
    const enabled: WorldItem[] = [];
    if (this.violation === undefined && this.abandoned === undefined) {
      for (const process of this.processes) if (process.alive) addEnabled(this.processes, process, enabled);
      this.faults.addTo(enabled);
    }
    this.#enabled = enabled;
    return enabled;
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
    if (this.racing) {
      this.#event += 1;
      this.choices.push(item.id);
      this.turns.push(item.process);
    }
    const process = item.process < 0 ? undefined : this.processes[item.process];
    const telling = this.observer?.happening(item, process, this);
    this.presentPatienceMs = Number.isFinite(item.patienceMs) ? item.patienceMs : 0;
    let outcome: unknown;
    if (item.dueMs !== undefined) this.footprint.order(WAITED_FOR, READ);
    if (item.fault || item.kind === "restart" || item.kind === "resume") this.footprint.order(WAITED_FOR, WRITE);
    if (item.act !== undefined) outcome = this.#arrive(process, item);
    else if (item.fault || item.kind === "restart" || item.kind === "resume") outcome = this.faults.perform(item);
    else if (process !== undefined) outcome = this.#take(process, item);
    if (process !== undefined) {
      this.pass(process, this.footprint.timeMs);
      this.footprint.stamp(process.timeMs);
    }
    const touched = this.footprint.take();
    if (process !== undefined && this.racers === 1) process.onlyLooked = item.call !== undefined && onlyRead(touched);
    telling?.(outcome, touched);
    return touched;
  }

  #arrive(process: SimulatedProcess | undefined, item: WorldItem): unknown {
    if (process === undefined || item.fault) return item.act?.();
    remove(process.arrivals, item);
    if (item.dueMs !== undefined) this.pass(process, item.dueMs);
    const outcome = item.act?.();
    this.#ifAtEnd(process);
    return outcome;
  }

  #take(process: SimulatedProcess, item: WorldItem): unknown {
    const inbox = process.inbox as Inbox;
    let outcome: unknown;
    switch (item.kind) {
      case "effect": {
        if (item.call === undefined) {
          remove(process.immediates, item);
          process.holds.delete(item.token);
          inbox.fire(item.token);
          break;
        }
        if (process.blockedOn?.id === item.id) process.blockedOn = undefined;
        else remove(process.effects, item);
        if (item.dueMs !== undefined) this.pass(process, item.dueMs);
        const { fault, result, later } = this.call(process, item.call, item.token);
        this.pass(process, this.footprint.timeMs);
        outcome = fault ?? result;
        if (later) process.holds.add(item.token);
        else if (process.alive) inbox.settle(item.token, fault, result);
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
        throw new Error(`a ${item.kind} is not a step of a process`);
    }
    this.#ifAtEnd(process);
    return outcome;
  }

  /** Performs a call for a process at once. */
  call(process: SimulatedProcess, call: Call, token: number): { fault?: unknown; result?: unknown; later?: boolean } {
    try {
      if (call.op === "sleep") return { result: undefined };
      for (const service of this.services) {
        const answer = service.perform(process, call, token);
        if (answer === "later") return { later: true };
        if (answer !== undefined) return answer;
      }
      const result = this.disk.perform(process, call.op as never, call.args as never);
      tellWatchers(this, process.timeMs + PROMPT_MS);
      if (call.op === "unwatch") dropNotices(this, process, call.args[0] as number);
      if (process.refused !== undefined && CHANGES.has(call.op)) process.refused = undefined;
      return { result };
    } catch (fault) {
      if (fault instanceof SystemFault) {
        if (fault.code === "EEXIST") process.refused = nameOf(call);
        return { fault };
      }
      throw fault;
    }
  }

  /** A process whose function has settled, and that nothing keeps alive, leaves. */
  #ifAtEnd(process: SimulatedProcess): void {
    if (!process.alive || !process.settled || process.quitting || process.blockedOn !== undefined) return;
    if (!process.isBusy && !process.leaving) {
      process.leaving = true;
      process.inbox?.leave();
      if (!process.alive || process.blockedOn !== undefined) return;
    }
    process.leaving = !process.isBusy;
    if (!process.leaving) return;
    process.quitting = true;
    process.inbox?.quit();
  }

  /** Whether it lives on only because others might want something of it. */
  idles(process: SimulatedProcess): boolean {
    return this.services.some((service) => service.idles?.(process) === true);
  }

  /** What happens now took it away. */
  noteCancelled(item: WorldItem): void {
    if (this.racing) this.cancelled.push({ item, byEvent: this.#event });
  }

  /** The process is no more: by itself, or killed. */
  end(process: SimulatedProcess, exitCode: number | undefined): void {
    if (!process.alive) return;
    process.alive = false;
    if (this.#event >= 0) this.footprint.write(lifeOf(process.pid));
    process.exitCode = exitCode;
    for (const item of process.pending()) {
      this.noteCancelled(item);
      if (item.kind !== "timer" && this.#event >= 0) this.footprint.order(WAITED_FOR, WRITE);
    }
    this.faults.ended(process);
    process.forgetPending();
    process.inbox?.drop?.();
    this.disk.closeAll(process);
    for (const service of this.services) service.ended(process);
  }

  finish(): void {
    this.#finish(this);
  }
  close(): void {
    for (const process of this.processes) {
      process.alive = false;
      process.inbox?.drop?.();
    }
    for (const service of this.services) service.dispose?.();
  }
}

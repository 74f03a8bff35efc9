// The machine's table of processes: who has which pid, and since when.
//
// Whether a process lives is a resource of its own, by pid: written by its beginning and its end, read by everybody who
// looks for it, be it by a signal or in /proc.

import type { DiskCaller } from "../disk/caller.ts";
import type * as disk from "../disk/process-table.ts";
import { type Footprint, type Resource, resource } from "../footprint.ts";
import type { SimulatedProcess } from "./process.ts";
import { BEGINNING_MS } from "./time.ts";
import type { World } from "./world.ts";

/** The kernel's first process, which belongs to root. */
export const INIT = 1;
const INIT_PROCESS: disk.ListedProcess = { pid: INIT, uid: 0, gid: 0, startedMs: 0 };
const FIRST_PID = 1000;
const PIDS_EACH = 10;
/** The kernel tells start times in hundredths of a second. */
const TICK_MS = 10;
/** How long after boot the first processes start. */
const BOOT_TICKS = 500;

/** Written by the beginning and the end of a process, read by those who look for it. */
export function lifeOf(pid: number): Resource {
  return resource(`life of process ${pid}`);
}

/** A number that no other life has. */
export function lifeNumber(index: number, incarnation: number): number {
  return FIRST_PID + index * PIDS_EACH + incarnation;
}

export class ProcessTable implements disk.ProcessTable {
  readonly #world: World;
  /** A process that is started again has the pid that it had. */
  readonly #reusesPids: boolean;
  #bootMs = BEGINNING_MS;
  #boots = 1;

  constructor(world: World, reusesPids: boolean) {
    this.#world = world;
    this.#reusesPids = reusesPids;
  }

  get bootId(): string {
    return `5e1f0c9a-2d47-4b63-8a15-${String(this.#boots).padStart(12, "0")}`;
  }

  /** The pid that a life of a process gets. The check is no later life of setup, though it comes in its place. */
  pidOf(index: number, incarnation: number): number {
    return lifeNumber(index, this.#reusesPids && index > 0 ? 0 : incarnation);
  }

  /** When a process that dies now can be started again; undefined: at once. Nobody gets the pid and the start of another. */
  againAtMs(dead: SimulatedProcess): number | undefined {
    return this.#reusesPids ? dead.timeMs + TICK_MS : undefined;
  }

  /** The machine was off. It comes up as it did before, so that what is started then starts as long after boot. */
  reboot(): void {
    this.#boots += 1;
    this.#bootMs = this.#world.latestMs;
  }

  /** The process that has this pid now. */
  withPid(footprint: Footprint, pid: number): SimulatedProcess | undefined {
    footprint.read(lifeOf(pid));
    return this.#world.processes.find((one) => one.alive && one.pid === pid);
  }

  // What /proc asks.

  find(caller: DiskCaller, pid: number): disk.ListedProcess | undefined {
    return pid === INIT ? INIT_PROCESS : this.withPid(caller.footprint, pid);
  }

  all(caller: DiskCaller): disk.ListedProcess[] {
    const living: disk.ListedProcess[] = [INIT_PROCESS];
    for (const process of this.#world.processes) {
      caller.footprint.read(lifeOf(process.pid));
      // Whoever is started next would be listed, too.
      caller.footprint.read(lifeOf(this.pidOf(process.index, process.incarnation + 1)));
      if (process.alive) living.push(process);
    }
    return living;
  }

  startTicks({ pid, startedMs }: disk.ListedProcess): number {
    return pid === INIT ? 0 : BOOT_TICKS + Math.floor(Math.max(0, startedMs - this.#bootMs) / TICK_MS);
  }

  /** Node calls its thread so, and with it the process. */
  commandOf({ pid }: disk.ListedProcess): string {
    return pid === INIT ? "init" : "MainThread";
  }
}

// What nothing makes happen: a process is killed, stands still, the power goes. Each within its bound for one run, and
// tried at every point where it can happen.

import { resource } from "../footprint.ts";
import type { RaceOptions } from "../options.ts";
import { mayPassUntil } from "./enabled.ts";
import { type PowerLossChoice, powerLossChoices } from "./power-loss.ts";
import { MAX_INCARNATIONS, type SimulatedProcess, type WorldItem } from "./process.ts";
import { lifeOf } from "./process-table.ts";
import { PROMPT_MS, STALL_MS } from "./time.ts";
import type { World } from "./world.ts";

/** Above every item of a process. */
const FIRST_FAULT = 2 ** 40;
/** Ids of one kind of fault: one for each process and incarnation, or for each part of what is lost. */
const IDS_EACH = 10_000;
const [CRASH, STALL, RESUME, RESTART, END, POWER] = [0, 1, 2, 3, 4, 5].map((kind) => FIRST_FAULT + kind * IDS_EACH) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const CRASH_BUDGET = resource("killings left");
const STALL_BUDGET = resource("stalls left");

/** A process that died, and may be started again. */
interface Down {
  readonly index: number;
  readonly name: string;
  readonly incarnation: number;
  readonly diedAt: number;
  /** Not before. */
  readonly dueMs: number | undefined;
}

export class Faults {
  readonly #world: World;
  readonly #restart: "maybe" | "always" | "never";
  #crashes: number;
  #stalls: number;
  #powerLoss: boolean;
  #power: PowerLossChoice[] = [];
  /** The version of the disk that these are of. */
  #powerOf = -1;
  #down: Down[] = [];
  #over = false;
  /** Any part of what was not flushed could be lost; some of the parts were left out because they were too many. */
  cutPowerLoss = false;

  constructor(options: RaceOptions, world: World) {
    this.#world = world;
    this.#crashes = options.crashes ?? 0;
    this.#stalls = options.stalls ?? 0;
    this.#powerLoss = options.powerLoss ?? false;
    this.#restart = options.restart ?? "maybe";
  }

  get any(): boolean {
    return this.#crashes > 0 || this.#stalls > 0 || this.#powerLoss;
  }

  addTo(enabled: WorldItem[]): void {
    if (this.#over) {
      enabled.length = 0;
      return;
    }
    for (const process of this.#world.processes) {
      const { stalledUntilMs } = process;
      if (stalledUntilMs === undefined || !mayPassUntil(this.#world.processes, stalledUntilMs, process)) continue;
      enabled.push(this.#resume(process, stalledUntilMs));
    }
    const going = enabled.length > 0;
    const looked = this.#isOne && this.#world.processes[1]?.onlyLooked === true;
    if (this.#restart !== "never") {
      for (const down of this.#down) {
        const item = this.#restartOf(down);
        if (item !== undefined) enabled.push(item);
      }
    }
    const mayBeLeft = this.#down.length > 0 && this.#restart === "maybe";
    const mayBeLost = !looked && this.#powerLoss && this.#world.disk.unsynced().length > 0;
    if (!looked && (going || mayBeLost)) this.#addPowerLoss(enabled);
    // Who only waits can be killed as well. Otherwise the last step of all would have to come after that, or never.
    const mayBeKilled = this.#crashes > 0 && this.#world.processes.some((one) => one.alive && one.index > 0);
    if (going || mayBeKilled) this.#addFaults(enabled);
    if (going) for (const service of this.#world.services) service.addFaults?.(enabled);
    else if (mayBeLeft || mayBeLost || mayBeKilled) enabled.push({ ...this.#item("end", END, -1, true), process: -1 });
  }

  /**
   * Where there is one process, a power loss after it looked at something leaves what one before leaves, and is not tried
   * again: each leaves many disks. With others, for whom time passes, it makes a difference how long it was there.
   */
  get #isOne(): boolean {
    return this.#world.racers === 1;
  }

  #restartOf(down: Down): WorldItem | undefined {
    const { index, incarnation, diedAt, dueMs } = down;
    const { processes } = this.#world;
    const dead = processes[index];
    if (dueMs !== undefined && dead !== undefined && !mayPassUntil(processes, dueMs, dead)) return undefined;
    const item = this.#item("restart", RESTART, index, false, incarnation);
    return { ...item, bornAt: diedAt, optional: this.#restart === "maybe", ...(dueMs !== undefined && { dueMs }) };
  }

  #resume(process: SimulatedProcess, dueMs: number): WorldItem {
    return { ...this.#item("resume", RESUME, process.index, false), dueMs, bornAt: process.stalledAt };
  }

  /** A process that stood still is no more: it does not go on. */
  ended(process: SimulatedProcess): void {
    if (process.stalledUntilMs === undefined) return;
    this.#world.noteCancelled(this.#resume(process, process.stalledUntilMs));
    process.stalledUntilMs = undefined;
  }

  #addPowerLoss(enabled: WorldItem[]): void {
    if (!this.#powerLoss) return;
    const { disk } = this.#world;
    if (this.#powerOf !== disk.unsyncedVersion) {
      this.#powerOf = disk.unsyncedVersion;
      const { choices, cut } = powerLossChoices(disk);
      this.#power = choices;
      if (cut) this.cutPowerLoss = true;
    }
    for (const at of this.#power.keys()) {
      enabled.push({ ...this.#item("power-loss", POWER + at, 0, true), process: -1 });
    }
  }

  #addFaults(enabled: WorldItem[]): void {
    for (const process of this.#world.processes) {
      if (!process.alive || process.index === 0) continue;
      if (this.#crashes > 0) enabled.push(this.#item("crash", CRASH, process.index, true, process.incarnation));
      const stands = process.stalledUntilMs !== undefined || process.effects.length + process.timers.length === 0;
      if (this.#stalls > 0 && (!stands || process.blockedOn !== undefined)) {
        enabled.push(this.#item("stall", STALL, process.index, true, process.incarnation));
      }
    }
  }

  #item(kind: WorldItem["kind"], base: number, index: number, fault: boolean, incarnation = 0): WorldItem {
    return {
      id: base + index * MAX_INCARNATIONS + incarnation,
      process: index,
      bornAt: -1,
      fault,
      kind,
      token: 0,
      call: undefined,
      site: undefined,
      sinceMs: 0,
      patienceMs: Number.POSITIVE_INFINITY,
    };
  }

  /** Returns what is to be told of it. */
  perform(item: WorldItem): unknown {
    const world = this.#world;
    const process = item.process < 0 ? undefined : world.processes[item.process];
    switch (item.kind) {
      case "crash":
        this.#crashes -= 1;
        world.footprint.write(CRASH_BUDGET);
        if (process !== undefined) this.#kill(process, world.table.againAtMs(process));
        return undefined;
      case "stall":
        this.#stalls -= 1;
        world.footprint.write(STALL_BUDGET);
        if (process === undefined) return undefined;
        process.stalledUntilMs = process.timeMs + STALL_MS;
        process.stalledAt = world.eventNumber;
        return undefined;
      case "resume":
        if (process?.stalledUntilMs === undefined) return undefined;
        world.pass(process, process.stalledUntilMs);
        process.stalledUntilMs = undefined;
        // What it could not help is forgiven.
        for (const pending of process.pending()) {
          pending.patienceMs = Math.max(pending.patienceMs, process.timeMs + PROMPT_MS);
        }
        return undefined;
      case "restart": {
        const down = this.#down.find((one) => one.index === item.process);
        if (down === undefined) return undefined;
        this.#down = this.#down.filter((one) => one !== down);
        if (process !== undefined && down.dueMs !== undefined) world.pass(process, down.dueMs);
        const { pid } = world.startProcess(down.index, down.name, down.incarnation + 1, process?.timeMs);
        world.footprint.write(lifeOf(pid));
        return undefined;
      }
      case "power-loss": {
        this.#powerLoss = false;
        world.footprint.all();
        const choice = this.#power[item.id - POWER];
        for (const one of world.processes) if (one.alive && one.index > 0) this.#kill(one, undefined);
        world.table.reboot();
        world.disk = world.disk.afterPowerLoss(new Set(choice?.kept));
        return choice?.sentence;
      }
      default:
        world.footprint.all();
        this.#over = true;
        return undefined;
    }
  }

  #kill(process: SimulatedProcess, dueMs: number | undefined): void {
    const { index, name, incarnation } = process;
    this.#down.push({ index, name, incarnation, diedAt: this.#world.eventNumber, dueMs });
    this.#world.end(process, undefined);
  }
}

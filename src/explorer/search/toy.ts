// A scenario small enough to be checked by hand: processes that are lists of steps on shared variables.
// What the searches are tested against, without files, time or modules.

import { type Footprint, Footprint as Prints, resource, type Touched } from "../footprint.ts";
import type { Cancelled, Execution, Item, System } from "./system.ts";

/** `read` keeps the value; `inc` writes what was read last plus one; `cas` writes only onto 0; `fork` starts two at once. */
export type ToyStep =
  | { do: "read"; of: string }
  | { do: "inc"; of: string }
  | { do: "cas"; of: string }
  | { do: "own" }
  | { do: "both"; steps: readonly [ToyStep, ToyStep] }
  | { do: "either"; step: ToyStep };

export interface ToyFault {
  /** Kills a process, once in a run. */
  readonly crash: boolean;
}

interface Pending extends Item {
  readonly step: ToyStep;
  readonly rest: readonly ToyStep[];
  readonly join?: { left: number; rest: readonly ToyStep[] };
  /** Is taken away when this one happens. */
  readonly rival?: { item?: Pending };
}

export class Toy implements System {
  readonly ends = new Map<string, number>();
  runs = 0;
  readonly #programs: readonly (readonly ToyStep[])[];
  readonly #fault: ToyFault;

  constructor(programs: readonly (readonly ToyStep[])[], fault: ToyFault = { crash: false }) {
    this.#programs = programs;
    this.#fault = fault;
  }

  begin(): Execution {
    return new ToyRun(this.#programs, this.#fault, (end) => {
      this.runs += 1;
      this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
    });
  }
}

class ToyRun implements Execution {
  readonly cancelled: Cancelled[] = [];
  readonly #values = new Map<string, number>();
  readonly #memory: string[];
  readonly #numbers: number[];
  readonly #footprint: Footprint = new Prints();
  readonly #ended: (end: string) => void;
  #pending: Pending[] = [];
  #events = 0;
  #crashes: Item[] = [];

  constructor(programs: readonly (readonly ToyStep[])[], fault: ToyFault, ended: (end: string) => void) {
    this.#ended = ended;
    this.#memory = programs.map(() => "");
    this.#numbers = programs.map(() => 0);
    for (const [process, steps] of programs.entries()) {
      this.#go(process, steps, -1, undefined);
      if (fault.crash) this.#crashes.push({ id: process * 1000 + 999, process, bornAt: -1, fault: true });
    }
  }

  enabled(): readonly Item[] {
    const mortal = this.#crashes.filter(({ process }) => this.#pending.some((one) => one.process === process));
    return [...this.#pending, ...mortal].sort((a, b) => a.id - b.id);
  }

  perform(item: Item): Touched {
    const at = this.#events++;
    if (item.fault) {
      this.#footprint.write(resource("crash budget"));
      this.#crashes = [];
      this.#memory[item.process] += "!";
      this.#pending = this.#pending.filter((one) => one.process !== item.process);
      return this.#footprint.take();
    }
    const pending = item as Pending;
    this.#pending = this.#pending.filter((one) => one !== pending);
    const rival = pending.rival?.item;
    if (rival !== undefined && this.#pending.includes(rival)) {
      this.#pending = this.#pending.filter((one) => one !== rival);
      this.cancelled.push({ item: rival, byEvent: at });
    }
    this.#do(pending.process, pending.step);
    if (pending.join === undefined) this.#go(pending.process, pending.rest, at, undefined);
    else if (--pending.join.left === 0) this.#go(pending.process, pending.join.rest, at, undefined);
    return this.#footprint.take();
  }

  #do(process: number, step: ToyStep) {
    const tell = (what: string) => {
      this.#memory[process] += what;
    };
    if (step.do === "own") return tell(".");
    if (step.do === "both" || step.do === "either") return;
    const name = resource(step.of);
    const value = this.#values.get(step.of) ?? 0;
    if (step.do === "read") {
      this.#footprint.read(name);
      tell(`${step.of}${value}`);
    } else if (step.do === "cas" && value !== 0) {
      this.#footprint.read(name);
      tell("-");
    } else {
      this.#footprint.write(name);
      this.#values.set(step.of, step.do === "cas" ? process + 1 : (value * 3 + process + 1) % 1000);
      tell("+");
    }
  }

  #go(process: number, steps: readonly ToyStep[], bornAt: number, join: Pending["join"]): void {
    const [step, ...rest] = steps;
    if (step === undefined) return;
    const born = (one: ToyStep, more: Partial<Pending>): Pending => {
      const id = process * 1000 + (this.#numbers[process] ?? 0);
      this.#numbers[process] = (this.#numbers[process] ?? 0) + 1;
      const pending: Pending = { id, process, bornAt, fault: false, step: one, rest, ...(join && { join }), ...more };
      this.#pending.push(pending);
      return pending;
    };
    if (step.do === "both") {
      const shared = { left: 2, rest };
      for (const one of step.steps) born(one, { join: shared });
    } else if (step.do === "either") {
      const rival: { item?: Pending } = {};
      const loser = born({ do: "own" }, {});
      rival.item = loser;
      born(step.step, { rival, rest: [] });
    } else born(step, {});
  }

  finish(): void {
    const values = [...this.#values].sort().map(([name, value]) => `${name}=${value}`);
    this.#ended(`${values.join(" ")} | ${this.#memory.join(" ")}`);
  }
  close(): void {}
}

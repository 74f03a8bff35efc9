// What a network does to messages: loses them, brings them twice or late, breaks a call off, parts two processes. Each
// within its bound for one run.
//
// These faults belong to no process, and touch nothing but the calls that they befall: so the search, which tries them at
// any time while a message is on its way, sees that most of these times are alike.

import { type Resource, resource } from "../footprint.ts";
import type { NetworkFaults } from "../options.ts";
import type { Message, Network } from "./network.ts";
import type { SimulatedProcess, WorldItem } from "./process.ts";
import { PROMPT_MS, STALL_MS } from "./time.ts";

type Bound = keyof NetworkFaults;

/** Ids of faults, above those of messages: for each message, so many. */
const FIRST_FAULT = 2 ** 44;
const FAULTS_OF_A_MESSAGE = 8;
const LATE_S = STALL_MS / 1000;

const LEFT: Readonly<Record<Bound, Resource>> = {
  drop: resource("losses left"),
  double: resource("doublings left"),
  delay: resource("delays left"),
  reset: resource("resets left"),
  partition: resource("partitions left"),
};

export class NetworkTrouble {
  readonly #network: Network;
  readonly #left: Record<Bound, number>;
  /** Until when two processes cannot reach each other. */
  readonly #parted = new Map<string, number>();

  constructor(network: Network, faults: NetworkFaults) {
    this.#network = network;
    const { drop = 0, double = 0, delay = 0, reset = 0, partition = 0 } = faults;
    this.#left = { drop, double, delay, reset, partition };
  }

  /** A message was put on its way. */
  sent(message: Message): void {
    const { footprint } = this.#network.world;
    const link = linkBetween(message);
    const untilMs = this.#parted.get(link) ?? 0;
    // Also before it is parted, as long as that can come: then it would wait.
    if (untilMs > 0 || this.#left.partition > 0) footprint.read(resource(link));
    if (untilMs > message.sentMs) arriveAt(message, untilMs);
  }

  addTo(enabled: WorldItem[]): void {
    if (this.#network.calls.size === 0 || this.#anyLeft === 0) return;
    for (const call of this.#network.calls.values()) {
      for (const message of call.messages) this.#addFaultsOf(message, enabled);
    }
  }

  get #anyLeft(): number {
    return Object.values(this.#left).reduce((sum, left) => sum + left, 0);
  }

  /** What can still befall a message on its way. */
  #addFaultsOf(message: Message, enabled: WorldItem[]): void {
    // A reset is no message: it is what the kernel makes of a connection that is gone.
    if (message.what === "reset") return;
    const { what, call, sentMs, from, to } = message;
    const network = this.#network;
    const lateMs = sentMs + STALL_MS;
    const name = message.item.told?.choice ?? what;
    const add = (at: number, bound: Bound, text: string, act: () => void): void => {
      if (this.#left[bound] > 0) enabled.push(this.#item(message, at, bound, text, act));
    };
    add(0, "drop", `${name} is lost`, () => {
      network.lose(message);
      call.lost = true;
    });
    if (what === "request") {
      add(1, "double", `${name} is doubled`, () => void network.send(call, "request"));
      add(2, "reset", `connection of ${call.name} is reset`, () => {
        network.lose(message);
        network.breakOff(call);
      });
      // The request goes through before: the caller cannot know.
      add(3, "reset", `connection of ${call.name} is reset behind its request`, () => network.breakOff(call));
    }
    add(4, "delay", `${name} is held back`, () => replace(message, { patienceMs: lateMs + PROMPT_MS }));
    add(5, "delay", `${name} comes ${LATE_S} s late`, () => arriveAt(message, lateMs));
    if (from !== to) {
      add(6, "partition", `${from.name} and ${to.name} are parted for ${LATE_S} s`, () => this.#part(message, lateMs));
    }
  }

  #part(first: Message, untilMs: number): void {
    const link = linkBetween(first);
    this.#parted.set(link, untilMs);
    const { footprint } = this.#network.world;
    footprint.write(resource(link));
    for (const call of this.#network.calls.values()) {
      for (const message of call.messages) {
        if (message.what === "reset" || linkBetween(message) !== link) continue;
        footprint.write(call.touched);
        arriveAt(message, untilMs);
      }
    }
  }

  #item(message: Message, at: number, bound: Bound, text: string, act: () => void): WorldItem {
    const { world } = this.#network;
    return {
      id: FIRST_FAULT + message.number * FAULTS_OF_A_MESSAGE + at,
      process: -1,
      bornAt: -1,
      fault: true,
      kind: "network",
      token: 0,
      call: undefined,
      site: undefined,
      sinceMs: 0,
      patienceMs: Number.POSITIVE_INFINITY,
      act: () => {
        this.#left[bound] -= 1;
        world.footprint.write(LEFT[bound]);
        world.footprint.write(message.call.touched);
        act();
        return undefined;
      },
      told: { choice: text, call: text },
    };
  }
}

function arriveAt(message: Message, dueMs: number): void {
  replace(message, { dueMs, patienceMs: dueMs + PROMPT_MS });
}

/** A message with another time to arrive. */
function replace(message: Message, times: { readonly dueMs?: number; readonly patienceMs: number }): void {
  const list = message.to.arrivals;
  const at = list.indexOf(message.item);
  message.item = { ...message.item, ...times };
  if (at >= 0) list[at] = message.item;
}

/** Also the name of its resource. */
function linkBetween({ from, to }: { readonly from: SimulatedProcess; readonly to: SimulatedProcess }): string {
  return `way between ${[from.name, to.name].sort().join(" and ")}`;
}

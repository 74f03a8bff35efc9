// The network between the processes of a scenario: servers by their origin, and calls to them.
//
// A call is a request to the server's process and a response to the caller's, and each is on its way for as long as the
// search likes: messages of different calls arrive in any order. What faults may do to them is in network-faults.ts.

import { type Call, SystemFault } from "../disk/calls.ts";
import { type Resource, resource } from "../footprint.ts";
import type { NetworkFaults } from "../options.ts";
import type { Answer, Service } from "./host.ts";
import { NetworkTrouble } from "./network-faults.ts";
import { newItem, remove } from "./pending.ts";
import type { SimulatedProcess, WorldItem } from "./process.ts";
import { PROMPT_MS } from "./time.ts";
import type { World } from "./world.ts";

export interface RequestData {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
}
export interface ResponseData {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}
/** What a server's program gets: `reply` names the request in the `respond` that answers it. */
export interface Incoming {
  readonly reply: number;
  readonly request: RequestData;
}

/** Ids of messages, above those of signals. */
const FIRST_MESSAGE = 2 ** 43;
/** Messages of one call have ids from one range. */
const MESSAGES_OF_A_CALL = 64;

interface Registration {
  readonly process: SimulatedProcess;
  readonly token: number;
}

export interface OpenCall {
  /** For people and in resources: `a.3`. */
  readonly name: string;
  readonly number: number;
  readonly caller: SimulatedProcess;
  readonly token: number;
  readonly server: SimulatedProcess;
  readonly origin: string;
  readonly request: RequestData;
  readonly touched: Resource;
  /** Requests and responses under way, by what they are. */
  readonly messages: Set<Message>;
  /** Requests that the server's program has, and has not answered. */
  readonly handled: Set<number>;
  /** The caller has its answer, or does not want one any more. */
  settled: boolean;
  /** The caller will hear that it was broken off. */
  broken: boolean;
  /** Something of it was lost on the way: nobody will hear of that. */
  lost: boolean;
  /** What was sent, in order. */
  readonly sent: Message["what"][];
}

export interface Message {
  /** The same in every run that has gone the same way so far. */
  readonly number: number;
  readonly call: OpenCall;
  readonly what: "request" | "response" | "reset";
  readonly from: SimulatedProcess;
  readonly to: SimulatedProcess;
  readonly sentMs: number;
  readonly response?: ResponseData;
  item: WorldItem;
}

export class Network implements Service {
  readonly world: World;
  readonly calls = new Map<number, OpenCall>();
  readonly #servers = new Map<string, Registration>();
  readonly #replies = new Map<number, OpenCall>();
  readonly #trouble: NetworkTrouble;

  constructor(world: World, faults: NetworkFaults | undefined) {
    this.world = world;
    this.#trouble = new NetworkTrouble(this, faults ?? {});
  }

  perform(process: SimulatedProcess, { op, args }: Call, token: number): Answer | "later" | undefined {
    switch (op) {
      case "serve":
        return this.#serve(process, args[0] as string, token);
      case "stop serving":
        return this.#stop(process, args[0] as string);
      case "fetch":
        return this.#call(process, args[0] as string, args[1] as RequestData, token);
      case "respond":
        return this.#respond(args[0] as number, args[1] as ResponseData);
      default:
        return undefined;
    }
  }

  addFaults(enabled: WorldItem[]): void {
    this.#trouble.addTo(enabled);
  }

  idles(process: SimulatedProcess): boolean {
    const serving = [...this.#servers.values()].filter((one) => one.process === process);
    return serving.length > 0 && process.settled && process.isHeldOnlyBy(new Set(serving.map(({ token }) => token)));
  }

  #serve(process: SimulatedProcess, origin: string, token: number): Answer {
    if (this.#servers.has(origin)) {
      this.world.footprint.read(originOf(origin));
      throw new SystemFault("EADDRINUSE");
    }
    this.world.footprint.write(originOf(origin));
    this.#servers.set(origin, { process, token });
    process.holds.add(token);
    return {};
  }

  #stop(process: SimulatedProcess, origin: string): Answer {
    const server = this.#servers.get(origin);
    if (server?.process !== process) return {};
    this.world.footprint.write(originOf(origin));
    this.#servers.delete(origin);
    process.holds.delete(server.token);
    for (const call of this.#callsTo(process)) {
      if (call.origin !== origin) continue;
      for (const message of call.messages) if (message.what === "request") this.lose(message);
      this.#resetIfHopeless(call);
    }
    return {};
  }

  #call(caller: SimulatedProcess, origin: string, request: RequestData, token: number): "later" {
    this.world.footprint.read(originOf(origin));
    const server = this.#servers.get(origin)?.process;
    if (server === undefined) throw new SystemFault("ECONNREFUSED");
    const name = `${caller.nameOfThisLife}.${token}`;
    const call: OpenCall = {
      name,
      number: caller.itemId(token),
      caller,
      token,
      server,
      origin,
      request,
      touched: resource(`call ${name}`),
      messages: new Set(),
      handled: new Set(),
      settled: false,
      broken: false,
      lost: false,
      sent: [],
    };
    this.calls.set(call.number, call);
    this.send(call, "request");
    return "later";
  }

  #respond(reply: number, response: ResponseData): Answer {
    const call = this.#replies.get(reply);
    if (call === undefined) return {};
    // Also where nothing is sent any more, because the caller has given up or heard that it is broken off.
    this.world.footprint.read(call.touched);
    this.#replies.delete(reply);
    call.handled.delete(reply);
    call.server.holds.delete(reply);
    if (!call.settled && !call.broken) this.send(call, "response", response);
    return {};
  }

  /** Puts a message of a call on its way. */
  send(call: OpenCall, what: Message["what"], response?: ResponseData): Message {
    const { world } = this;
    const [from, to] = what === "request" ? [call.caller, call.server] : [call.server, call.caller];
    const number = call.number * MESSAGES_OF_A_CALL + call.sent.length;
    call.sent.push(what);
    const nth = call.sent.filter((one) => one === what).length;
    world.footprint.write(call.touched);
    const item = newItem(world, to, "message", 0, {
      id: FIRST_MESSAGE + number,
      patienceMs: from.timeMs + PROMPT_MS,
      act: () => this.#arrives(message),
      told: { choice: `${what} of ${call.name}${nth > 1 ? ` (${nth})` : ""}`, call: wording(what, call, response) },
    });
    const message: Message = { number, call, what, from, to, sentMs: from.timeMs, item, ...(response && { response }) };
    call.messages.add(message);
    to.arrivals.push(item);
    this.#trouble.sent(message);
    return message;
  }

  /** The connection is gone: the caller will hear of that, and of nothing else. */
  breakOff(call: OpenCall): void {
    call.broken = true;
    this.send(call, "reset");
  }

  #arrives(message: Message): unknown {
    const { call, to, sentMs } = message;
    const { world } = this;
    call.messages.delete(message);
    world.footprint.write(call.touched);
    world.pass(to, Math.max(sentMs, world.footprint.timeMs));
    if (message.what === "request") {
      const server = this.#servers.get(call.origin);
      if (server === undefined) return undefined;
      // Below zero: the program's own tokens are above.
      const reply = -message.item.id;
      this.#replies.set(reply, call);
      call.handled.add(reply);
      to.holds.add(reply);
      to.inbox?.settle(server.token, undefined, { reply, request: call.request } satisfies Incoming);
      return undefined;
    }
    this.#settle(call);
    if (message.what === "response") to.inbox?.settle(call.token, undefined, message.response);
    else to.inbox?.settle(call.token, new SystemFault("ECONNRESET"), undefined);
    return undefined;
  }

  #settle(call: OpenCall): void {
    if (!call.settled) this.world.footprint.write(call.touched);
    call.settled = true;
    call.caller.holds.delete(call.token);
    for (const message of call.messages) if (message.what !== "request") this.lose(message);
  }

  /** A message on its way is no more. */
  lose(message: Message): void {
    message.call.messages.delete(message);
    remove(message.to.arrivals, message.item);
    this.world.noteCancelled(message.item);
  }

  /** The caller hears that its call is broken off, unless an answer is on its way. */
  #resetIfHopeless(call: OpenCall): void {
    this.world.footprint.read(call.touched);
    if (
      call.settled ||
      call.broken ||
      call.lost ||
      !call.caller.alive ||
      call.handled.size > 0 ||
      call.messages.size > 0
    )
      return;
    this.send(call, "reset");
  }

  #callsTo(process: SimulatedProcess): OpenCall[] {
    return [...this.calls.values()].filter((call) => call.server === process);
  }

  cancelled(process: SimulatedProcess, token: number): void {
    const call = this.calls.get(process.itemId(token));
    if (call !== undefined && !call.settled) this.#settle(call);
  }

  ended(process: SimulatedProcess): void {
    for (const [origin, server] of this.#servers) {
      if (server.process !== process) continue;
      this.#servers.delete(origin);
      if (this.world.eventNumber >= 0) this.world.footprint.write(originOf(origin));
    }
    for (const call of this.calls.values()) {
      if (call.caller === process) this.#settle(call);
      if (call.server !== process) continue;
      for (const reply of call.handled) this.#replies.delete(reply);
      call.handled.clear();
      for (const message of call.messages) if (message.what === "request") call.messages.delete(message);
      this.#resetIfHopeless(call);
    }
  }
}

function originOf(origin: string): Resource {
  return resource(`server at ${origin}`);
}

function wording(what: Message["what"], call: OpenCall, response: ResponseData | undefined): string {
  const { method, url } = call.request;
  if (what === "request") return `request ${method} ${url} from ${call.caller.name}`;
  return what === "response" ? `response ${response?.status} from ${call.server.name}` : `reset by ${call.server.name}`;
}

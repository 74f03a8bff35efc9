// What passes between the world and a process that has a thread of its own. The thread speaks only when spoken to: for
// each command it answers once, when its program is quiet or stands still in a synchronous call.

import type { Call, WatchNotice } from "../disk/calls.ts";
import type { CompiledSources } from "../modules/modules.ts";
import type { Identity } from "../program/program.ts";
import type { Port } from "../world/port.ts";
import type { ChannelEnd } from "./thread-channel.ts";

export interface ThreadData {
  readonly channel: ChannelEnd;
  /** It writes here which thread of the kernel it is. */
  readonly kernelId: Int32Array<SharedArrayBuffer>;
  readonly file: string;
  readonly exported: string | undefined;
  readonly sources: CompiledSources;
  /** Which of the race's processes it is, from 1. */
  readonly index: number;
}

/** A fault of the kernel by its code; what services answer in other shapes travels as it is. */
export interface Settlement {
  readonly token: number;
  readonly faultCode?: string;
  readonly fault?: unknown;
  readonly result?: unknown;
}

export type Command = { readonly timeMs: number } & (
  | { readonly do: "start"; readonly of: Identity; readonly recording: boolean }
  | ({ readonly do: "settle" } & Settlement)
  | { readonly do: "fire"; readonly token: number }
  | { readonly do: "notice"; readonly notice: WatchNotice }
  | { readonly do: "signal"; readonly name: string }
  | { readonly do: "leave" }
  | { readonly do: "quit" }
  /** The process is dead: whatever it stands in does not return. */
  | { readonly do: "drop" }
);

/** What the program said, in order: a call on the port by name. */
export type Said = {
  [Name in keyof Port]: readonly [Name, ...Parameters<Port[Name]>];
}[keyof Port];

export interface Answer {
  readonly said: readonly Said[];
  /** It stands still in this call; the next command settles or drops it. */
  readonly blockedIn?: { readonly token: number; readonly call: Call; readonly site: string | undefined };
  /** What it runs is dead, and does not end: the thread is of no use any more. */
  readonly stuck?: true;
  /** The thread could not go on: a fault of the scenario. */
  readonly broken?: { readonly message: string; readonly hint: string | undefined; readonly stack: string | undefined };
}

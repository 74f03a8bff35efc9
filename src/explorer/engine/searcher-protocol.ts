// What passes between a search and those that search parts of its tree in threads of their own.

import { EVERYTHING, resource, resourceName, type Touched } from "../footprint.ts";
import type { CompiledSources } from "../modules/modules.ts";
import type { RaceOptions } from "../options.ts";
import type { Happened } from "../search/causality.ts";
import type { Job } from "../search/exhaustive.ts";
import type { Orders } from "../search/extensions.ts";
import type { Reversal } from "../search/reversals.ts";
import type { Found } from "./shrink.ts";
import type { Sightings } from "./terms.ts";

export interface SearcherData {
  readonly file: string;
  readonly exported: string | undefined;
  readonly sources: CompiledSources;
  readonly options: RaceOptions;
  /** Whether processes have threads of their own. */
  readonly threaded: boolean;
  readonly maxSteps: number;
  /** How long a program may take to come to rest. */
  readonly restMs: number;
  /** How many runs the whole search may make, and how many it has. */
  readonly allowance: { readonly runs: number; readonly taken: SharedArrayBuffer };
}

/** Resources have other numbers in other threads: they travel by name. */
interface SentEvent {
  readonly item: Happened["item"];
  readonly touched: readonly (readonly [name: string, access: number])[] | "everything";
}
export interface SentJob {
  readonly choices: readonly number[];
  readonly asleep: readonly (readonly SentEvent[])[];
}

/** What was done since the last message. */
export interface Counts {
  readonly runs: number;
  readonly traces: number;
  readonly cut: number;
  /** That the traces stand for. */
  readonly orders: Orders;
}

export type ToSearcher =
  | { readonly kind: "job"; readonly job: SentJob }
  /** Somebody has nothing to do, and asks for a part of the job. */
  | { readonly kind: "split" }
  /** Such a part is done. */
  | { readonly kind: "back"; readonly choices: readonly number[]; readonly outward: readonly Reversal[] };

export type FromSearcher =
  /** All is loaded: jobs can come. */
  | { readonly kind: "ready" }
  /** What was asked for; there may be none. */
  | { readonly kind: "part"; readonly job: SentJob | undefined }
  | { readonly kind: "progress"; readonly counts: Counts }
  | {
      readonly kind: "done";
      readonly counts: Counts;
      readonly outward: readonly Reversal[];
      readonly seen: Pick<Sightings, "cutPowerLoss" | "timePassed">;
    }
  | {
      readonly kind: "found";
      readonly counts: Counts;
      readonly found: Found;
    }
  | { readonly kind: "failed"; readonly why: "diverged" | "took long" | "fault"; readonly message: string };

export function packJob({ choices, asleep }: Job): SentJob {
  const sent = ({ item, touched }: Happened): SentEvent => ({ item: plain(item), touched: pack(touched) });
  return { choices, asleep: asleep.map((those) => those.map(sent)) };
}
export function unpackJob({ choices, asleep }: SentJob): Job {
  const got = ({ item, touched }: SentEvent): Happened => ({ item, touched: unpack(touched) });
  return { choices, asleep: asleep.map((those) => those.map(got)) };
}

/** What the search looks at; the rest of an item is the world's. */
function plain({ id, process, bornAt, fault, optional }: Happened["item"]): Happened["item"] {
  return { id, process, bornAt, fault, ...(optional !== undefined && { optional }) };
}
function pack(touched: Touched): SentEvent["touched"] {
  return touched[0] === EVERYTHING ? "everything" : touched.map((touch) => [resourceName(touch >> 2), touch & 3]);
}
function unpack(touched: SentEvent["touched"]): Touched {
  return touched === "everything" ? [EVERYTHING] : touched.map(([name, access]) => resource(name) * 4 + access);
}

// Whether what concurrent operations gave could have come from one object that did them one after the other, each at
// some moment between its call and its return (Herlihy and Wing, 1990).
//
// The search is Wing and Gong's, with Lowe's memory of (operations placed, state) that led nowhere: the calls and
// returns stand in a list in their order; an operation may be placed next while no return stands before its call in
// what is left of the list. An operation that never came back has no return: it may be placed, and need not be.

import { HoldfastError } from "../../errors.ts";
import { explanation } from "./explanation.ts";
import { type Model, type PlainData, plainKey } from "./model.ts";

export interface Operation {
  readonly process: string;
  readonly name: string;
  readonly input: PlainData;
  /** What came back. Of no account when it never returned. */
  readonly output?: PlainData;
  /** `invoked` and `returned` are positions in one total order of all calls and returns. */
  readonly invoked: number;
  /** Absent: it never came back. It may have happened, at any time after its call, or not. */
  readonly returned?: number;
}

export type Verdict =
  | { readonly ok: true /** One order in which they could have been done. */; readonly order: readonly Operation[] }
  | {
      readonly ok: false;
      /** For people: the shortest beginning that fits no order, drawn over time. */
      readonly explain: string;
      /** The operations of that beginning; the one that returned last is the first that fits nowhere. */
      readonly prefix: readonly Operation[];
    };

/** More operations than this in one history are refused. */
export const MAX_OPERATIONS = 10_000;
/** Pairs of placed operations and state that are looked at for one key, before the search gives up. */
export const MAX_CONFIGURATIONS = 1_000_000;

/** Holds `operations` against `model`. Throws `TOO_LARGE` for a history that is beyond what can be searched. */
export function linearizable<State extends PlainData>(operations: readonly Operation[], model: Model<State>): Verdict {
  checkPositions(operations);
  const points: { readonly operation: Operation; readonly at: number; readonly rank: number }[] = [];
  for (const part of partitions(operations, model)) {
    const order = placed(part, model);
    if (order === undefined) {
      const prefix = shortestPrefix(part, model);
      // Those that came back after the prefix are there without their returns.
      const known = new Set(part);
      const later = new Set(prefix.filter((operation) => !known.has(operation)));
      const explain = explanation(prefix, later, model, (one) => placed(one, model) !== undefined);
      return { ok: false, prefix, explain };
    }
    // Each moment is after the call and before the return; so the orders of all keys go together into one.
    let at = Number.NEGATIVE_INFINITY;
    for (const [rank, operation] of order.entries()) {
      at = Math.max(at, operation.invoked);
      points.push({ operation, at, rank });
    }
  }
  points.sort((a, b) => a.at - b.at || a.rank - b.rank);
  return { ok: true, order: points.map(({ operation }) => operation) };
}

function checkPositions(operations: readonly Operation[]): void {
  if (operations.length > MAX_OPERATIONS) {
    throw new HoldfastError(
      "TOO_LARGE",
      `The history has ${operations.length} operations; at most ${MAX_OPERATIONS} are checked.`,
      {
        hint: "Check shorter histories: fewer operations in each run.",
      },
    );
  }
  const taken = new Set<number>();
  for (const { name, invoked, returned } of operations) {
    const positions = returned === undefined ? [invoked] : [invoked, returned];
    const wrong = positions.some((position) => !Number.isFinite(position) || taken.has(position));
    if (wrong || (returned !== undefined && returned <= invoked)) {
      throw new HoldfastError("BAD_OPTION", `\`${name}\` is said to go from ${invoked} to ${returned}.`, {
        hint: "Calls and returns have positions of their own in one order, and a return comes after its call.",
      });
    }
    for (const position of positions) taken.add(position);
  }
}

/** The operations of each key; one group when the model has no keys. */
function partitions<State extends PlainData>(operations: readonly Operation[], model: Model<State>): Operation[][] {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const key = model.partition?.(operation) ?? "";
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [operation]);
    else group.push(operation);
  }
  return [...groups.values()];
}

/** A call or a return in the list of those that are not placed yet. */
interface Entry {
  readonly index: number;
  readonly operation: Operation | undefined;
  readonly isCall: boolean;
  before: Entry | undefined;
  after: Entry | undefined;
  /** Of a call: its return. */
  end: Entry | undefined;
}

/** An order of `operations` that the model agrees with; undefined when there is none. */
function placed<State extends PlainData>(
  operations: readonly Operation[],
  model: Model<State>,
): Operation[] | undefined {
  const head = listOf(operations);
  const set = new Uint32Array(Math.ceil(operations.length / 32));
  const seen = new Set<string>();
  const stack: { readonly entry: Entry; readonly operation: Operation; readonly state: State }[] = [];
  let state = model.init;
  let open = operations.filter(({ returned }) => returned !== undefined).length;
  let entry = head.after;
  while (open > 0) {
    if (entry?.isCall && entry.operation !== undefined) {
      const { operation, index } = entry;
      const next = agreed(model, state, operation);
      if (next !== undefined) {
        flip(set, index);
        if (isNew(seen, set, next.state)) {
          stack.push({ entry, operation, state });
          state = next.state;
          lift(entry);
          if (operation.returned !== undefined) open -= 1;
          entry = head.after;
          continue;
        }
        flip(set, index);
      }
      entry = entry.after;
      continue;
    }
    // A return of what could not be placed: what was placed last was placed wrongly.
    const last = stack.pop();
    if (last === undefined) return undefined;
    state = last.state;
    flip(set, last.entry.index);
    unlift(last.entry);
    if (last.operation.returned !== undefined) open += 1;
    entry = last.entry.after;
  }
  return stack.map(({ operation }) => operation);
}

/** The model's step, if what came back is what it gives. */
export function agreed<State extends PlainData>(
  model: Model<State>,
  state: State,
  operation: Operation,
): { readonly state: State } | undefined {
  const { name, input, output, returned } = operation;
  const step = model.step(state, name, input);
  if (returned === undefined || !Object.hasOwn(step, "output")) return step;
  const equal = model.equal?.(step.output, output, name) ?? plainKey(step.output) === plainKey(output);
  return equal ? step : undefined;
}

function isNew(seen: Set<string>, set: Uint32Array, state: PlainData): boolean {
  const key = `${keyOf(set)}|${plainKey(state)}`;
  if (seen.has(key)) return false;
  if (seen.size >= MAX_CONFIGURATIONS) {
    throw new HoldfastError(
      "TOO_LARGE",
      `After ${MAX_CONFIGURATIONS} attempts it is not known whether the history can be put in order.`,
      {
        hint: "Let fewer operations overlap, or give the model a `partition`.",
      },
    );
  }
  seen.add(key);
  return true;
}

/** The set as text, without the words at its front that are full and those at its end that are empty. */
function keyOf(set: Uint32Array): string {
  let from = 0;
  while (from < set.length && set[from] === 0xffff_ffff) from += 1;
  let to = set.length;
  while (to > from && set[to - 1] === 0) to -= 1;
  return `${from}:${set.subarray(from, to).join(",")}`;
}

function flip(set: Uint32Array, index: number): void {
  set[index >> 5] = (set[index >> 5] ?? 0) ^ (1 << (index & 31));
}

/** A list of all calls and returns in order, behind an entry that stays. */
function listOf(operations: readonly Operation[]): Entry {
  const byCall = operations.toSorted((a, b) => a.invoked - b.invoked);
  const entries = byCall.flatMap((operation, index) => {
    const call: Entry = { index, operation, isCall: true, before: undefined, after: undefined, end: undefined };
    if (operation.returned === undefined) return [{ at: operation.invoked, entry: call }];
    const end: Entry = { index, operation, isCall: false, before: undefined, after: undefined, end: undefined };
    call.end = end;
    return [
      { at: operation.invoked, entry: call },
      { at: operation.returned, entry: end },
    ];
  });
  const head: Entry = {
    index: -1,
    operation: undefined,
    isCall: false,
    before: undefined,
    after: undefined,
    end: undefined,
  };
  let last = head;
  for (const { entry } of entries.sort((a, b) => a.at - b.at)) {
    last.after = entry;
    entry.before = last;
    last = entry;
  }
  return head;
}

/** Takes a call and its return out of the list; each keeps its neighbours, so that `unlift` finds its place. */
function lift(call: Entry): void {
  for (const entry of [call, call.end]) {
    if (entry?.before !== undefined) entry.before.after = entry.after;
    if (entry?.after !== undefined) entry.after.before = entry.before;
  }
}

function unlift(call: Entry): void {
  for (const entry of [call.end, call]) {
    if (entry?.before !== undefined) entry.before.after = entry;
    if (entry?.after !== undefined) entry.after.before = entry;
  }
}

/** What had happened when the first return came that fits no order: a beginning of a history that can be ordered can be too. */
function shortestPrefix<State extends PlainData>(operations: readonly Operation[], model: Model<State>): Operation[] {
  const returns = operations.flatMap(({ returned }) => returned ?? []).sort((a, b) => a - b);
  let good = -1;
  let bad = returns.length - 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (placed(until(operations, returns[middle] ?? 0), model) === undefined) bad = middle;
    else good = middle;
  }
  return until(operations, returns[bad] ?? 0);
}

/** The history as it was known at `position`: who had not returned by then may or may not have happened. */
function until(operations: readonly Operation[], position: number): Operation[] {
  return operations
    .filter(({ invoked }) => invoked < position)
    .map((operation) => {
      if (operation.returned === undefined || operation.returned <= position) return operation;
      const { returned: _, output: __, ...open } = operation;
      return open;
    });
}

// The same question answered the slow way: every order of every set of operations that may have happened.

import type { Operation } from "../linearizable.ts";
import { type Model, type PlainData, plainKey } from "../model.ts";

/** Whether any order agrees with the model; for histories of a few operations. */
export function someOrderFits<State extends PlainData>(operations: readonly Operation[], model: Model<State>): boolean {
  const sure = operations.filter(({ returned }) => returned !== undefined);
  const unsure = operations.filter(({ returned }) => returned === undefined);
  for (let chosen = 0; chosen < 1 << unsure.length; chosen++) {
    const happened = [...sure, ...unsure.filter((_, index) => (chosen >> index) & 1)];
    for (const order of permutations(happened)) if (orderFits(order, model)) return true;
  }
  return false;
}

/** Whether this very order keeps the order of time and agrees with the model. */
export function orderFits<State extends PlainData>(order: readonly Operation[], model: Model<State>): boolean {
  for (const [at, operation] of order.entries()) {
    const overtaken = order
      .slice(at + 1)
      .some(({ returned = Number.POSITIVE_INFINITY }) => returned < operation.invoked);
    if (overtaken) return false;
  }
  // Each key has a state of its own.
  const states = new Map<string, State>();
  for (const operation of order) {
    const { name, input, output, returned } = operation;
    const key = model.partition?.(operation) ?? "";
    const step = model.step(states.has(key) ? (states.get(key) as State) : model.init, name, input);
    states.set(key, step.state);
    if (returned === undefined || !("output" in step)) continue;
    const same =
      model.equal === undefined ? plainKey(step.output) === plainKey(output) : model.equal(step.output, output, name);
    if (!same) return false;
  }
  return true;
}

function* permutations<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

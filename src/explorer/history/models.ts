// The objects that most stores are, or are made of.

import { HoldfastError } from "../../errors.ts";
import type { Model, PlainData } from "./model.ts";
import { plainKey } from "./model.ts";

/**
 * One value. `read` gives it, `write` with the new value sets it, `cas` with `{ from, to }` sets it to `to` if it is
 * `from` and gives whether it was.
 */
export function register({ initial }: { readonly initial: PlainData }): Model<PlainData> {
  return {
    init: initial,
    step(state, name, input) {
      if (name === "read") return { state, output: state };
      if (name === "write") return { state: input };
      if (name === "cas") {
        const { from, to } = fieldsOf(input, "cas", ["from", "to"]);
        const same = plainKey(from) === plainKey(state);
        return { state: same ? to : state, output: same };
      }
      throw unknownOperation("register", name, ["read", "write", "cas"]);
    },
  };
}

/**
 * A set, empty at first. `add` gives whether the element was new, `remove` whether it was there (either may also give
 * nothing), `contains` whether it is there. The input is the element.
 */
export function set(): Model<boolean> {
  return {
    init: false,
    partition: ({ input }) => plainKey(input),
    step(state, name) {
      if (name === "add") return { state: true, output: !state };
      if (name === "remove") return { state: false, output: state };
      if (name === "contains") return { state, output: state };
      throw unknownOperation("set", name, ["add", "remove", "contains"]);
    },
    equal: (expected, actual, name) => (actual === undefined && name !== "contains") || actual === expected,
  };
}

/** First in, first out, empty at first. `enqueue` with the item; `dequeue` gives the item, or null or undefined when there is none. */
export function queue(): Model<readonly PlainData[]> {
  return {
    init: [],
    step(state, name, input) {
      if (name === "enqueue") return { state: [...state, input] };
      if (name === "dequeue")
        return state.length === 0 ? { state, output: null } : { state: state.slice(1), output: state[0] };
      throw unknownOperation("queue", name, ["enqueue", "dequeue"]);
    },
    equal: (expected, actual) => (expected === null && actual === undefined) || plainKey(expected) === plainKey(actual),
  };
}

/**
 * Lists by key, empty at first. `append` with `{ key, value }`; `read` with `{ key }` gives the whole list, from which
 * the order of all appends before it can be seen. For none, null and undefined are as good as an empty list.
 */
export function listAppend(): Model<readonly PlainData[]> {
  return {
    init: [],
    partition: ({ name, input }) => plainKey(fieldsOf(input, name, ["key"]).key),
    step(state, name, input) {
      if (name === "append") return { state: [...state, fieldsOf(input, name, ["key", "value"]).value] };
      if (name === "read") return { state, output: state };
      throw unknownOperation("listAppend", name, ["append", "read"]);
    },
    equal: (expected, actual) => plainKey(expected) === plainKey(actual ?? []),
  };
}

function fieldsOf<Key extends string>(input: PlainData, name: string, keys: readonly Key[]): Record<Key, PlainData> {
  const fields = typeof input === "object" && input !== null && !Array.isArray(input) ? input : {};
  for (const key of keys) {
    if (Object.hasOwn(fields, key)) continue;
    throw new HoldfastError("BAD_OPTION", `\`${name}\` was given ${plainKey(input)}, which has no \`${key}\`.`, {
      hint: `Its input is an object with ${keys.map((one) => `\`${one}\``).join(" and ")}.`,
    });
  }
  return fields as Record<Key, PlainData>;
}

function unknownOperation(model: string, name: string, known: readonly string[]): HoldfastError {
  return new HoldfastError("BAD_OPTION", `A ${model} has no operation \`${name}\`.`, {
    hint: `It has ${known.map((one) => `\`${one}\``).join(", ")}; for others give a model of your own.`,
  });
}

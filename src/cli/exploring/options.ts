// The options of `holdfast explore` as the explorer takes them.

import { HoldfastError } from "../../errors.ts";
import { parseBudget } from "../../explorer/engine/budget.ts";
import type { ExploreOptions, NetworkFaults } from "../../explorer/index.ts";
import type { Call } from "../call.ts";

/** More faults in one run than anybody can wait for. */
const MAX_FAULTS = 9;
const MAX_PREEMPTIONS = 100;
const MAX_SEED = 2 ** 32 - 1;
const NETWORK = ["drop", "double", "delay", "reset", "partition"] as const;
const RESTART = ["maybe", "always", "never"] as const;
const STRATEGIES = ["exhaustive", "pct", "random"] as const;

/** Only what was said: the rest is the race's own. Throws `USAGE`. */
export function exploreOptions(call: Call): ExploreOptions {
  const given = {
    exported: call.text("export"),
    crashes: call.integer("crashes", 0, MAX_FAULTS),
    restart: oneOf(call, "restart", RESTART),
    reusePids: call.flag("reusePids") ? true : undefined,
    stalls: call.integer("stalls", 0, MAX_FAULTS),
    powerLoss: call.flag("powerLoss") ? true : undefined,
    network: network(call.text("network")),
    isolate: call.flag("isolate") ? true : call.denied("isolate") ? false : undefined,
    strategy: oneOf(call, "strategy", STRATEGIES),
    preemptions: call.integer("preemptions", 0, MAX_PREEMPTIONS),
    budget: budget(call.text("budget")),
    seed: call.integer("seed", 0, MAX_SEED),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ExploreOptions;
}

function oneOf<T extends string>(call: Call, name: string, allowed: readonly T[]): T | undefined {
  const value = call.text(name);
  const found = allowed.find((one) => one === value);
  if (value === undefined || found !== undefined) return found;
  throw new HoldfastError("USAGE", `--${name} is ${JSON.stringify(value)}`, {
    hint: `Give one of: ${allowed.join(", ")}.`,
  });
}

function network(text: string | undefined): NetworkFaults | undefined {
  if (text === undefined) return undefined;
  const faults: { -readonly [Name in keyof NetworkFaults]: NetworkFaults[Name] } = {};
  for (const part of text.split(",")) {
    const [, word, count] = /^([a-z]+)=([0-9])$/.exec(part.trim()) ?? [];
    const name = NETWORK.find((one) => one === word);
    if (name === undefined || faults[name] !== undefined) {
      throw new HoldfastError("USAGE", `--network is ${JSON.stringify(text)}`, {
        hint: `Say how often in one run each may happen, 0 to ${MAX_FAULTS}: drop=1,double=1. There are ${NETWORK.join(", ")}.`,
      });
    }
    faults[name] = Number(count);
  }
  return faults;
}

function budget(text: string | undefined): string | undefined {
  try {
    parseBudget(text);
    return text;
  } catch (cause) {
    throw new HoldfastError("USAGE", `--budget is ${JSON.stringify(text)}`, {
      hint: "Give a time (60s, 500ms, 10m) or a number of runs (10000).",
      cause,
    });
  }
}

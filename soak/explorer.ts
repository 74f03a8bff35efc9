// Soak: the reduction of the race explorer held against brute force, over very many random scenarios (RACE-04).
//
//   npm run soak -- explorer [--scenarios N] [--from SEED] [--calls | --clashes | --network]
//
// Each scenario is explored twice: every order, and reduced. Both must come to the same end states; with `--calls`, where
// processes stand in synchronous calls and call off what they wait for, to the same orders of steps, each once. With
// `--clashes` scenarios are full of conflicts, and are explored reduced in seven ways, which must come to as many traces. With
// `--network` processes call, abort and end each other, and messages are lost, doubled, late or cut off: to the same end states.
// The first that does not is told with its seed, which `--from` begins with again.

import { parseArgs } from "node:util";
import { compareCalls, sourceOf } from "../src/explorer/engine/testing/calls-and-waits.ts";
import {
  clashingScenario,
  type EndStates,
  endStates,
  randomScenario,
  searching,
  systemOf,
} from "../src/explorer/engine/testing/random-scenarios.ts";
import { tracesByOrder } from "../src/explorer/engine/testing/schedules.ts";
import { endStates as endsOfCalls, randomCalls } from "../src/explorer/world/testing/random-calls.ts";

/** Scenarios with more orders are left out: brute force would take all the time. */
const MAX_BRUTE_RUNS = 700;
const MAX_SKIPPED = 3;
const TOLD_EACH_MS = 10_000;

const { values } = parseArgs({
  options: {
    scenarios: { type: "string", default: "100000" },
    from: { type: "string", default: "1" },
    calls: { type: "boolean", default: false },
    clashes: { type: "boolean", default: false },
    network: { type: "boolean", default: false },
  },
});
const wanted = Number(values.scenarios);
const from = Number(values.from);
const chosen = (["calls", "clashes", "network"] as const).filter((name) => values[name]);
const how = chosen.map((name) => ` --${name}`).join("");
if (!(Number.isInteger(wanted) && wanted > 0 && Number.isInteger(from) && from > 0) || chosen.length > 1) {
  console.error(
    "usage: soak explorer [--scenarios N] [--from SEED] [--calls | --clashes | --network], N and SEED from 1",
  );
  process.exit(2);
}

/** What one search reached and the other did not; undefined when they agree. */
function difference(all: EndStates, reduced: EndStates): string | undefined {
  if (!reduced.whole) return `the reduced search did not end in ${reduced.runs} runs; brute force took ${all.runs}`;
  const missed = [...all.ends].filter((end) => !reduced.ends.has(end));
  const made = [...reduced.ends].filter((end) => !all.ends.has(end));
  if (missed.length + made.length === 0) return undefined;
  return [
    ...missed.map((end) => `only by brute force: ${end}`),
    ...made.map((end) => `only by the reduced search: ${end}`),
  ].join("\n");
}

let [compared, skipped, bruteRuns, reducedRuns] = [0, 0, 0, 0];
const startedAt = performance.now();
let toldAt = startedAt;

function tell(seed: number): void {
  const seconds = (performance.now() - startedAt) / 1_000;
  const left = (seconds / compared) * (wanted - compared);
  console.log(
    `${seconds.toFixed(0).padStart(6)} s  ${compared} of ${wanted} scenarios alike, up to seed ${seed}; ` +
      `${reducedRuns} runs${bruteRuns > 0 ? ` for ${bruteRuns}` : ""}; ${skipped} too large; ${left.toFixed(0)} s to go`,
  );
}

type Outcome = { readonly brute: number; readonly reduced: number } | string | undefined;

/** What is wrong with how a scenario is searched, or the number of runs; undefined when it is too large. */
async function compare(seed: number): Promise<Outcome> {
  if (values.calls) return await compareOrders(seed);
  if (values.clashes) return await compareSearches(seed);
  const [scenario, ends] = values.network
    ? ([randomCalls(seed), (how, most) => endsOfCalls(randomCalls(seed), how, most)] as [unknown, EndsOf])
    : ([randomScenario(seed), (how, most) => endStates(randomScenario(seed), how, most)] as [unknown, EndsOf]);
  return await compareEnds(scenario, ends);
}

async function compareOrders(seed: number): Promise<Outcome> {
  const result = await compareCalls(seed, MAX_BRUTE_RUNS);
  if (result === undefined) return undefined;
  const { brute, reduced, ...difference } = result;
  const isAlike = Object.values(difference).every((orders) => orders.length === 0);
  return isAlike ? { brute, reduced } : `${sourceOf(seed)}\n${JSON.stringify(difference)}`;
}

async function compareSearches(seed: number): Promise<Outcome> {
  const scenario = clashingScenario(seed);
  const counts = await searching(() => tracesByOrder(systemOf(scenario).system, seed, MAX_BRUTE_RUNS));
  if (counts === undefined) return undefined;
  const [first = 0] = counts;
  const isAlike = counts.every((count) => count === first);
  return isAlike ? { brute: 0, reduced: first * counts.length } : `${JSON.stringify(scenario)}\n${counts.join(" ")}`;
}

type EndsOf = (how: "reduced" | "brute", mostRuns: number) => Promise<EndStates>;

async function compareEnds(scenario: unknown, endsOf: EndsOf): Promise<Outcome> {
  const all = await endsOf("brute", MAX_BRUTE_RUNS);
  if (!all.whole) return undefined;
  const reduced = await endsOf("reduced", MAX_BRUTE_RUNS * 2);
  const different = difference(all, reduced);
  return different === undefined
    ? { brute: all.runs, reduced: reduced.runs }
    : `${JSON.stringify(scenario)}\n${different}`;
}

let seed = from;
for (; compared < wanted; seed += 1) {
  if (seed - from > wanted * MAX_SKIPPED + MAX_BRUTE_RUNS) throw new Error("nearly all scenarios are too large");
  const result = await compare(seed);
  if (result === undefined) {
    skipped += 1;
    continue;
  }
  if (typeof result === "string") {
    console.error(`seed ${seed}: ${result}`);
    console.error(`again: npm run soak -- explorer --scenarios 1 --from ${seed}${how}`);
    process.exit(1);
  }
  compared += 1;
  bruteRuns += result.brute;
  reducedRuns += result.reduced;
  if (performance.now() - toldAt > TOLD_EACH_MS) {
    toldAt = performance.now();
    tell(seed);
  }
}
tell(seed - 1);

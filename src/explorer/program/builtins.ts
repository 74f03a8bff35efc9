// Which of Node's modules a program under the explorer gets: the real one where it only computes, a replaced one where
// it reaches for files, time, chance or the host, and one that refuses to be called where it reaches further.

import { createRequire } from "node:module";
import { hearOfNotSimulated, makeFs } from "../node-fs/index.ts";
import { makeAbortSignal, makeAtomics, makeDate, makePerformance } from "./clocks.ts";
import { makeFetch } from "./fetch.ts";
import type { Lots } from "./lots.ts";
import { refusing } from "./not-simulated.ts";
import { makeGlobals, makeOs, makeZlib, partlyReal, refused, refuseToLoad } from "./partly-real.ts";
import { makeCrypto, makeMath } from "./randomness.ts";
import { refuseRunning } from "./real-globals.ts";
import { makeServe } from "./serve.ts";
import { makeSqlite } from "./sqlite.ts";
import { silentTestRunner } from "./test-runner.ts";
import { type CurrentProgram, makeTimers } from "./timers.ts";

const require = createRequire(import.meta.url);

/** These compute, and nothing else. */
const REAL = new Set([
  "assert",
  "assert/strict",
  "async_hooks",
  "buffer",
  "constants",
  "diagnostics_channel",
  "events",
  "path",
  "path/posix",
  "path/win32",
  "punycode",
  "querystring",
  "readline",
  "readline/promises",
  "stream",
  "stream/consumers",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "sys",
  "url",
  "util",
  "util/types",
  "vm",
]);
/** What `node:fs` refuses ends the exploration, too. */
hearOfNotSimulated(refuseRunning);

const IDLE = { idle: 0, active: 0, utilization: 0 };

/** One process's view of Node, for all of its runs. `reset` undoes what packages patched. */
export interface Environment {
  readonly globals: Record<string, unknown>;
  builtin(name: string): unknown;
  /** The same, as long as nobody was given it since the last `reset`: it is as it was made. */
  pristine(name: string): unknown;
  reset(process: NodeJS.Process, lots: Lots): void;
}

export function makeEnvironment(current: CurrentProgram, own: Record<string, unknown>, originMs: number): Environment {
  let lots: Lots;
  let simulatedProcess: NodeJS.Process;
  const { timers, promises } = makeTimers(current);
  const fs = makeFs(current, timers as never, () => current().cwd) as unknown as Record<string, unknown>;
  fs.openAsBlob = refused("fs.openAsBlob()", current);
  const random = makeCrypto(current, () => lots);
  const performance = makePerformance(current, originMs);
  const modules = new Map<string, unknown>(
    Object.entries({
      fs,
      "fs/promises": fs.promises,
      timers,
      "timers/promises": promises,
      crypto: random.module,
      perf_hooks: partlyReal("perf_hooks", current, { performance, eventLoopUtilization: () => IDLE }),
      os: makeOs(current),
      tty: partlyReal("tty", current, { isatty: () => false }),
      v8: partlyReal("v8", current),
      zlib: makeZlib(current),
      sqlite: makeSqlite(current),
      test: silentTestRunner(),
      worker_threads: {
        ...refusing("worker_threads", require("node:worker_threads"), current),
        isMainThread: true,
        threadId: 0,
        parentPort: null,
        workerData: null,
      },
      ...own,
      "holdfast/explorer": { ...(own["holdfast/explorer"] as object), serve: makeServe(current) },
    }),
  );
  const given = new Set<string>();
  const builtin = (name: string): unknown => {
    if (name === "process") return simulatedProcess;
    given.add(name);
    // The promise forms are in `fs` as well.
    if (name === "fs") given.add("fs/promises");
    return moduleOf(name);
  };
  const moduleOf = (name: string): unknown => {
    const known = modules.get(name);
    if (known !== undefined) return known;
    refuseToLoad(name, current);
    const real = require(`node:${name}`) as object;
    const made = REAL.has(name) ? real : refusing(name, real, current);
    modules.set(name, made);
    return made;
  };
  const globals: Record<string, unknown> = {
    ...timers,
    ...makeGlobals(current),
    Date: makeDate(current),
    Math: makeMath(() => lots),
    performance,
    crypto: random.global,
    AbortSignal: makeAbortSignal(current),
    console: silentConsole(),
    fetch: makeFetch(current),
    Atomics: makeAtomics(current),
    process: undefined,
  };
  delete globals.promises;
  const promiseForms = fs.promises as Record<string, unknown>;
  const [pristine, pristinePromises] = [valuesOf(fs), valuesOf(promiseForms)];
  return {
    globals,
    builtin,
    pristine: (name) => (name === "process" || given.has(name) ? undefined : moduleOf(name)),
    reset(process, drawn) {
      lots = drawn;
      simulatedProcess = process;
      globals.process = process;
      // Nobody can have patched what nobody was given.
      if (given.has("fs")) restore(fs, pristine);
      if (given.has("fs/promises")) restore(promiseForms, pristinePromises);
      given.clear();
    },
  };
}

/** What packages may patch; getters are left alone. */
function valuesOf(module: object): [name: string, value: unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(module)).flatMap(([name, { value }]) =>
    value === undefined ? [] : [[name, value]],
  );
}

function restore(patched: Record<string, unknown>, pristine: readonly [name: string, value: unknown][]): void {
  for (const [name, value] of pristine) if (patched[name] !== value) patched[name] = value;
}

/** Thousands of runs would say the same. */
function silentConsole(): Console {
  const silent = () => undefined;
  return new Proxy(console, {
    get: (target, name) => (typeof Reflect.get(target, name) === "function" ? silent : Reflect.get(target, name)),
  });
}

// Small random scenarios of processes that call each other, look whether others live, and end them; and the end states
// that a search reaches in them.

import { AsyncLocalStorage } from "node:async_hooks";
import type * as fsPromises from "node:fs/promises";
import { SystemFault } from "../../disk/calls.ts";
import { InThread } from "../../engine/in-thread.ts";
import { runningProgram, SharedScenario } from "../../engine/scenario.ts";
import type { NetworkFaults, RaceOptions } from "../../options.ts";
import { makeEnvironment } from "../../program/builtins.ts";
import { outsideOfJobs } from "../../program/drain.ts";
import { Lots } from "../../program/lots.ts";
import type { Program } from "../../program/program.ts";
import type { Serve } from "../../program/serve.ts";
import { race } from "../../race.ts";
import { Bounded } from "../../search/bounded.ts";
import { Exhaustive } from "../../search/exhaustive.ts";
import { BEGINNING_MS } from "../time.ts";

const MAX_STEPS = 200;

export interface RandomCalls {
  /** The first process serves, if any; what it does for each request. */
  readonly handler: string | undefined;
  readonly clients: readonly (readonly string[])[];
  readonly options: RaceOptions;
}

export function randomCalls(seed: number): RandomCalls {
  const lots = new Lots(seed);
  const pick = <T>(from: readonly T[]): T => from[lots.below(from.length)] as T;
  const handler = lots.below(4) === 0 ? undefined : pick(["count", "write", "look", "close"]);
  const deeds =
    handler === undefined
      ? ["lives", "kill", "term", "write", "sleep", "doze", "look"]
      : ["call", "call", "impatient", "two", "write", "look", "lives", "kill", "doze"];
  const count = handler === undefined ? 2 + lots.below(2) : 1 + (lots.below(4) === 0 ? 1 : 0);
  const clients = Array.from({ length: count }, () => Array.from({ length: 1 + lots.below(2) }, () => pick(deeds)));
  const fault = pick(["drop", "double", "delay", "reset", "partition", undefined] as const);
  const network: NetworkFaults | undefined = fault === undefined || handler === undefined ? undefined : { [fault]: 1 };
  const crashes = network === undefined && lots.below(3) === 0 ? 1 : 0;
  const restart = pick(["maybe", "always", "never"] as const);
  return { handler, clients, options: { crashes, restart, ...(network && { network }) } };
}

export async function endStates(scenario: RandomCalls, how: "reduced" | "brute", maxRuns: number) {
  const current = new AsyncLocalStorage<Program>();
  const environment = makeEnvironment(() => current.getStore() as Program, {}, BEGINNING_MS);
  environment.reset(process, new Lots(1));
  let logs: string[] = [];
  const names = [...(scenario.handler === undefined ? [] : ["server"]), ...scenario.clients.map((_, at) => `c${at}`)];
  const told = (index: number) => (text: string) => {
    logs[index] += `${text};`;
  };
  const mains = [
    ...(scenario.handler === undefined ? [] : [() => server(scenario.handler as string, environment, told(0))]),
    ...scenario.clients.map((deeds, at) => {
      const index = names.indexOf(`c${at}`);
      return () => client(deeds, index, names.length, environment, current, told(index));
    }),
  ];
  const definition = race({
    setup: () => {
      logs = names.map(() => "");
    },
    processes: Object.fromEntries(names.map((name, at) => [name, mains[at] as () => unknown])),
  });
  const system = new InThread(new SharedScenario(definition, current), scenario.options);
  const search = how.startsWith("reduced")
    ? new Exhaustive(system, { maxSteps: MAX_STEPS })
    : new Bounded(system, { maxSteps: MAX_STEPS });
  const ends = new Set<string>();
  let runs = 0;
  await outsideOfJobs(
    (kind, error) => runningProgram()?.uncaught(kind, error),
    () => {
      while (!search.done && runs < maxRuns) {
        runs += 1;
        if (search.run() === "redundant") continue;
        ends.add(`${logs.join(" | ")} || ${system.world?.violation?.kind ?? ""}`);
      }
    },
  );
  return { ends, runs, whole: search.done };
}

type Environment = ReturnType<typeof makeEnvironment>;

async function server(handler: string, environment: Environment, tell: (text: string) => void): Promise<void> {
  const { serve } = environment.builtin("holdfast/explorer") as { serve: Serve };
  const fs = environment.builtin("fs/promises") as typeof fsPromises;
  let handled = 0;
  const serving = await serve("http://hub", async (request) => {
    handled += 1;
    tell(`got ${new URL(request.url).pathname}`);
    if (handler === "write") await fs.mkdir(`/by-server${handled}`).catch(() => tell("again"));
    if (handler === "look") tell(await exists(fs, "/by-client"));
    if (handler === "close") await serving.close();
    return new Response(String(handled));
  });
}

async function exists(fs: typeof fsPromises, path: string): Promise<string> {
  return await fs.access(path).then(
    () => `${path} is there`,
    () => `no ${path}`,
  );
}

async function client(
  deeds: readonly string[],
  index: number,
  processes: number,
  environment: Environment,
  current: AsyncLocalStorage<Program>,
  tell: (text: string) => void,
): Promise<void> {
  const fs = environment.builtin("fs/promises") as typeof fsPromises;
  const { fetch, setTimeout, AbortSignal } = environment.globals as unknown as typeof globalThis;
  const call = (path: string, ms = 0) =>
    fetch(`http://hub/${path}`, ms > 0 ? { signal: AbortSignal.timeout(ms) } : {}).then(
      async (response) => tell(`${path} ${await response.text()}`),
      (error: Error) => tell(`${path} ${(error.cause as { code?: string } | undefined)?.code ?? error.name}`),
    );
  const other = 1000 + (index === 0 ? processes : index) * 10;
  const kill = (signal: string | 0) =>
    new Promise<void>((resolve) => {
      const program = current.getStore() as Program;
      program.later({ op: "kill", args: [other, signal] }, (fault) => {
        tell(`${signal} ${fault instanceof SystemFault ? fault.code : "ok"}`);
        resolve();
      });
    });
  for (const [at, deed] of deeds.entries()) {
    const name = `${index}.${at}`;
    if (deed === "call") await call(name);
    if (deed === "impatient") await call(name, 5000);
    if (deed === "two") await Promise.all([call(`${name}a`), call(`${name}b`)]);
    if (deed === "write") await fs.mkdir("/by-client").catch(() => tell("was there"));
    if (deed === "look") tell(await exists(fs, "/by-server1"));
    if (deed === "sleep") await new Promise((resolve) => setTimeout(resolve, 20));
    if (deed === "doze") await new Promise((resolve) => setTimeout(resolve, 5000));
    if (deed === "lives") await kill(0);
    if (deed === "kill") await kill("SIGKILL");
    if (deed === "term") await kill("SIGTERM");
  }
}

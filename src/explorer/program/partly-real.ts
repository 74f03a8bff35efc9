// Modules and globals of Node that mostly compute, and reach outside in a few of their parts.

import { createRequire } from "node:module";
import { notSimulated } from "./not-simulated.ts";
import type { CurrentProgram } from "./timers.ts";

const require = createRequire(import.meta.url);

/** What reaches outside, in modules that are real but for that. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  v8: ["writeHeapSnapshot", "getHeapSnapshot", "setHeapSnapshotNearHeapLimit", "takeCoverage", "startCpuProfile"],
  perf_hooks: ["monitorEventLoopDelay"],
  tty: ["ReadStream", "WriteStream"],
  os: ["setPriority"],
};
/** Importing them changes the whole thread, for all that runs in it. */
const NOT_EVEN_LOADED = new Set(["domain", "repl"]);

type Module = Record<string, unknown>;

/** A real module without what reaches outside, and with what is given in place of the real. */
export function partlyReal(name: string, current: CurrentProgram, instead: Module = {}): Module {
  const made: Module = { ...(require(`node:${name}`) as Module) };
  for (const part of OUTSIDE[name] ?? []) made[part] = refused(`${name}.${part}()`, current);
  return Object.assign(made, instead);
}

export function refuseToLoad(name: string, current: CurrentProgram): void {
  if (NOT_EVEN_LOADED.has(name)) current().refuse(notSimulated(name));
}

/** Can be called and constructed, and refuses both. */
export function refused(what: string, current: CurrentProgram): unknown {
  return function refuse(): never {
    return current().refuse(notSimulated(what));
  };
}

/** Works in threads of its own when it is given a callback; the forms with Sync do not. */
export function makeZlib(current: CurrentProgram): Module {
  const real = require("node:zlib") as Module;
  const made: Module = { ...real };
  for (const [name, value] of Object.entries(real)) {
    if (typeof value !== "function" || name.endsWith("Sync") || name === "crc32") continue;
    const sync = real[`${name}Sync`];
    made[name] =
      typeof sync === "function"
        ? toldLater(`zlib.${name}`, sync as (...args: unknown[]) => unknown, current)
        : refused(`zlib.${name}()`, current);
  }
  return made;
}

/** `zlib.gzip(x, done)` as `gzipSync`, told later. */
function toldLater(name: string, sync: (...args: unknown[]) => unknown, current: CurrentProgram): unknown {
  return (...args: unknown[]) => {
    const done = args.pop();
    if (typeof done !== "function") return current().refuse(notSimulated(`${name}() without a callback`));
    let told: unknown[];
    try {
      told = [null, sync(...args)];
    } catch (error) {
      told = [error];
    }
    process.nextTick(done as () => void, ...told);
    return undefined;
  };
}

/** One host for all processes, the same on every machine. */
export function makeOs(current: CurrentProgram): Module {
  return partlyReal("os", current, {
    hostname: () => "host",
    homedir: () => "/home/user",
    tmpdir: () => "/tmp",
    platform: () => "linux",
    type: () => "Linux",
    release: () => "6.1.0",
    version: () => "#1",
    machine: () => "x86_64",
    arch: () => "x64",
    uptime: () => 86_400,
    loadavg: () => [0, 0, 0],
    freemem: () => 2 ** 32,
    totalmem: () => 2 ** 33,
    getPriority: () => 0,
    availableParallelism: () => 4,
    cpus: () => Array.from({ length: 4 }, () => ({ model: "simulated", speed: 1000, times: {} })),
    networkInterfaces: () => ({}),
    userInfo: () => ({ uid: 1000, gid: 1000, username: "user", homedir: "/home/user", shell: "/bin/sh" }),
  });
}

/** Globals of this sort. */
export function makeGlobals(current: CurrentProgram): Module {
  const outside = ["WebSocket", "EventSource", "BroadcastChannel", "MessageChannel", "Worker"];
  outside.push("CompressionStream", "DecompressionStream");
  const made: Module = {};
  for (const name of outside) {
    if (name in globalThis) made[name] = standIn(name, Reflect.get(globalThis, name) as object, current);
  }
  made.navigator = {
    hardwareConcurrency: 4,
    language: "en-US",
    languages: ["en-US"],
    platform: "linux",
    userAgent: "Node.js/24",
    get locks() {
      return current().refuse(notSimulated("navigator.locks"));
    },
  };
  made.WebAssembly = makeWebAssembly();
  return made;
}

/** Can be inherited from and asked for its properties, but not called. */
function standIn(name: string, real: object, current: CurrentProgram): unknown {
  const refuse = (): never => current().refuse(notSimulated(`new ${name}()`));
  return new Proxy(real, { apply: refuse, construct: refuse });
}

interface WebAssemblyParts {
  readonly Module: new (bytes: unknown) => object;
  readonly Instance: new (module: object, imports?: unknown) => object;
}

/** Compiles at once instead of in other threads. */
function makeWebAssembly(): object {
  const real = Reflect.get(globalThis, "WebAssembly") as WebAssemblyParts;
  const compile = async (bytes: unknown) => new real.Module(bytes);
  const instantiate = async (given: unknown, imports?: unknown) => {
    if (given instanceof real.Module) return new real.Instance(given, imports);
    const module = new real.Module(given);
    return { module, instance: new real.Instance(module, imports) };
  };
  return Object.create(real, { compile: { value: compile }, instantiate: { value: instantiate } });
}

// Modules and functions that reach for the world outside: told by name and line, never let through.

import type { CurrentProgram } from "./timers.ts";

/** Something a program called that the explorer does not simulate. */
export class NotSimulated extends Error {
  override name = "NotSimulated";
  readonly code = "ERR_NOT_SIMULATED";
  constructor(what: string, instead: string) {
    super(`${what} is not simulated: ${instead}`);
  }
}

const INSTEAD: Record<string, string> = {
  child_process: "give the scenario one process for each program, and let them meet through files or fetch",
  cluster: "give the scenario one process for each worker",
  worker_threads: "give the scenario one process for each thread",
  http: "call fetch, and answer with serve() from holdfast/explorer",
  https: "call fetch, and answer with serve() from holdfast/explorer",
  http2: "call fetch, and answer with serve() from holdfast/explorer",
  net: "call fetch, and answer with serve() from holdfast/explorer",
  tls: "call fetch, and answer with serve() from holdfast/explorer",
  dgram: "call fetch, and answer with serve() from holdfast/explorer",
  fs: "read the file with fs.promises.readFile and make what is needed of its content",
  crypto:
    "node:crypto digests, signs and makes keys of kind ed25519, x25519, ed448, x448 and ec; put others into a file",
  Atomics: "wait with setTimeout: all processes stand still while one does not give way",
  dns: "name the servers of a scenario by any host name: none is looked up",
};
/** These parts of modules that reach outside only compute, or do nothing until they are given something to do. */
const COMPUTING = new Set(
  "Agent BlockList SocketAddress isIP isIPv4 isIPv6 validateHeaderName validateHeaderValue checkServerIdentity".split(
    " ",
  ),
);
const GENERAL = "leave it out of the scenario, or give the code under test something else in its place";

export function notSimulated(what: string): NotSimulated {
  return new NotSimulated(what, INSTEAD[what.split(/[./(]/)[0] ?? ""] ?? GENERAL);
}

/**
 * A module whose functions can be looked at, inherited from and passed around, but not called: packages import
 * `node:http` that never use it.
 */
export function refusing(name: string, real: object, current: CurrentProgram): object {
  const made = new Map<PropertyKey, unknown>();
  const stand = (property: PropertyKey, value: unknown): unknown => {
    if (typeof value !== "function") return value;
    if (COMPUTING.has(String(property))) return value;
    const known = made.get(property);
    if (known !== undefined) return known;
    const refuse = (): never => current().refuse(notSimulated(`${name}.${String(property)}()`));
    const wrapper = new Proxy(value, { apply: refuse, construct: refuse });
    made.set(property, wrapper);
    return wrapper;
  };
  return new Proxy(real, { get: (target, property) => stand(property, Reflect.get(target, property, target)) });
}

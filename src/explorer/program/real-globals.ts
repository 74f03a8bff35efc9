// The real globals, as code finds them that got past its own: `Function("return this")()`, `vm.runInThisContext`.
//
// While programs run these stand guard. Nothing else runs in this thread meanwhile: see drain.ts.

import { notSimulated } from "./not-simulated.ts";
import type { Program } from "./program.ts";

const GUARDED = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "fetch",
  "WebSocket",
  "EventSource",
  "BroadcastChannel",
  "MessageChannel",
] as const;

let running: Program | undefined;

/** Ends the program whose code is running, if any: it reached for what is not simulated. */
export function refuseRunning(error: Error): void {
  running?.refuse(error);
}

/** Runs code of a program, so that what it reaches for outside is known to be its doing. */
export function runningAs<T>(program: Program, run: () => T): T {
  const before = running;
  running = program;
  try {
    return run();
  } finally {
    running = before;
  }
}

/** Puts guards before the real globals; what is returned takes them away. */
export function guardGlobals(): () => void {
  const before = GUARDED.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, descriptor] of before) {
    if (descriptor !== undefined) Object.defineProperty(globalThis, name, guarded(name, descriptor));
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor !== undefined) Object.defineProperty(globalThis, name, descriptor);
    }
  };
}

function guarded(name: string, descriptor: PropertyDescriptor): PropertyDescriptor {
  const real = (): unknown => descriptor.value ?? descriptor.get?.call(globalThis);
  let stand: unknown;
  const get = (): unknown => {
    if (running === undefined) return real();
    const refuse = (): unknown => running?.refuse(notSimulated(`${name}() of the real global object`));
    stand ??= new Proxy(real() as object, { apply: refuse, construct: refuse as () => object });
    return stand;
  };
  const set = (value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  };
  return { get, set, configurable: true, enumerable: descriptor.enumerable ?? true };
}

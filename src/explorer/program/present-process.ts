// `process` of whichever program is running: one object for all of them, behind which each has its own.
//
// A process's own is made when its code first looks at it: most runs are of code that never does, and making one takes
// as long as several effects.

import { makeProcess } from "./process.ts";
import { PROCESS_PROTOTYPE } from "./process-prototype.ts";
import type { CurrentProgram } from "./timers.ts";

export function presentProcess(current: CurrentProgram, scenarioFile: string, originMs: number): NodeJS.Process {
  const present = (): NodeJS.Process => {
    const program = current();
    program.process ??= makeProcess(program, scenarioFile, originMs);
    return program.process;
  };
  return new Proxy({} as NodeJS.Process, {
    get: (_target, name) => Reflect.get(present(), name) as unknown,
    set: (_target, name, value) => Reflect.set(present(), name, value),
    has: (_target, name) => Reflect.has(present(), name),
    deleteProperty: (_target, name) => Reflect.deleteProperty(present(), name),
    // What is inherited is, in Node, its own.
    ownKeys: () => [...new Set([...Reflect.ownKeys(present()), ...Reflect.ownKeys(PROCESS_PROTOTYPE)])],
    getPrototypeOf: () => Reflect.getPrototypeOf(present()),
    // A proxy may not say "not configurable" of what its target does not have.
    getOwnPropertyDescriptor(_target, name) {
      const own =
        Reflect.getOwnPropertyDescriptor(present(), name) ?? Reflect.getOwnPropertyDescriptor(PROCESS_PROTOTYPE, name);
      return own === undefined ? undefined : { ...own, configurable: true };
    },
    defineProperty: (_target, name, described) =>
      Reflect.defineProperty(present(), name, { ...described, configurable: true }),
  });
}

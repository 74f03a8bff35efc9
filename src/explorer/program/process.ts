// `process`, as the code of one simulated process sees it.

import { EventEmitter } from "node:events";
import { resolve } from "node:path/posix";
import { makeKill } from "./kill.ts";
import { notSimulated } from "./not-simulated.ts";
import { addEvents } from "./process-events.ts";
import { PROCESS_PROTOTYPE } from "./process-prototype.ts";
import type { Program } from "./program.ts";
import type { CurrentProgram } from "./timers.ts";

/** Packages look at these; everything else of the machine's environment is left out, for runs to be the same anywhere. */
const ENVIRONMENT = { HOME: "/home/user", PATH: "/usr/bin:/bin", TMPDIR: "/tmp", USER: "user", LANG: "C.UTF-8" };
const PASSED_ON = [
  "version",
  "versions",
  "release",
  "arch",
  "config",
  "features",
  "execPath",
  "allowedNodeEnvironmentFlags",
];
const REFUSED = [
  "abort",
  "dlopen",
  "binding",
  "_linkedBinding",
  "chroot",
  "setuid",
  "setgid",
  "loadEnvFile",
  "execve",
  "send",
  "disconnect",
];

/** Sends text nowhere: thousands of runs would say the same. */
function silent(fd: number): object {
  const stream = new EventEmitter();
  return Object.assign(stream, {
    fd,
    isTTY: false,
    writable: true,
    columns: 80,
    write: (_text: unknown, encoding?: unknown, done?: unknown) => {
      const callback = typeof encoding === "function" ? encoding : done;
      if (typeof callback === "function") process.nextTick(callback as () => void);
      return true;
    },
    end: () => stream,
  });
}

/** One per process and run: packages add listeners and patch it. */
export function makeProcess(program: Program, scenarioFile: string, originMs: number): NodeJS.Process {
  const current: CurrentProgram = () => program;
  const hrtime = (before?: [number, number]): [number, number] => {
    const ms = program.clock() - originMs;
    const [seconds, nanos] = [Math.floor(ms / 1000), (ms % 1000) * 1e6];
    if (before === undefined) return [seconds, nanos];
    const borrow = nanos < before[1] ? 1 : 0;
    return [seconds - before[0] - borrow, nanos - before[1] + borrow * 1e9];
  };
  const own: Record<PropertyKey, unknown> = Object.create(PROCESS_PROTOTYPE);
  const simulated = own as unknown as NodeJS.Process;
  Object.assign(own, {
    pid: program.pid,
    ppid: 1,
    title: "node",
    argv: ["/usr/bin/node", scenarioFile],
    argv0: "node",
    execArgv: [],
    env: { ...ENVIRONMENT },
    platform: "linux",
    stdout: silent(1),
    stderr: silent(2),
    connected: false,
    getuid: () => 1000,
    geteuid: () => 1000,
    getgid: () => 1000,
    getegid: () => 1000,
    getgroups: () => [1000],
    cwd: () => program.cwd,
    chdir: (path: string) => {
      program.now({ op: "chdir", args: [path] });
      program.cwd = resolve(program.cwd, path);
    },
    umask: () => 0o022,
    nextTick: (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
      // Of a program that had to be ended in a loop of such callbacks nothing may go on.
      if (!program.wasAbandoned) process.nextTick(callback, ...args);
    },
    hrtime: Object.assign(hrtime, { bigint: () => BigInt(Math.round((program.clock() - originMs) * 1e6)) }),
    uptime: () => (program.clock() - originMs) / 1000,
    memoryUsage: Object.assign(() => ({ rss: 5e7, heapTotal: 2e7, heapUsed: 1e7, external: 1e6, arrayBuffers: 1e4 }), {
      rss: () => 5e7,
    }),
    cpuUsage: () => ({ user: 0, system: 0 }),
    resourceUsage: () => ({}),
    availableMemory: () => 2 ** 32,
    constrainedMemory: () => 2 ** 33,
    getActiveResourcesInfo: () => [],
    ref: (one: { ref?: () => void } | undefined) => void one?.ref?.(),
    unref: (one: { unref?: () => void } | undefined) => void one?.unref?.(),
    emitWarning: () => undefined,
    kill: makeKill(program, (signal) => simulated.listenerCount(signal) > 0),
    getBuiltinModule: (name: string) => current().refuse(notSimulated(`process.getBuiltinModule("${name}")`)),
  });
  for (const name of PASSED_ON) own[name] = Reflect.get(process, name);
  for (const name of REFUSED) {
    // Not assigned as it is written down: see engine/scenario.ts.
    const refused = (): never => current().refuse(notSimulated(`process.${name}()`));
    own[name] = refused;
  }
  own[Symbol.toStringTag] = "process";
  addEvents(own, program);
  return simulated;
}

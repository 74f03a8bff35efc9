// How long something has worked, told apart from how long ago it began: on a machine that has other things to do, or was
// asleep for a while, the clock on the wall says little of that.

import { readFileSync, readlinkSync } from "node:fs";

/** Linux counts the time of threads in hundredths of a second, whatever its own clock does. */
const TICK_MS = 10;

/** What this thread has worked so far, ms. */
export function workedMs(): number {
  return sum(process.threadCpuUsage());
}

/** What all threads of this process have worked so far, ms. */
export function allWorkedMs(): number {
  return sum(process.cpuUsage());
}

/** Tells how long it has gone on since, ms, but no longer than this process has worked for. */
export function stopwatch(): () => number {
  const [beganMs, workedBeforeMs] = [performance.now(), allWorkedMs()];
  return () => Math.min(performance.now() - beganMs, allWorkedMs() - workedBeforeMs);
}

function sum({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

/** The kernel's number of this thread, for `workedMsOf`; 0 where it has none to tell. */
export function kernelThreadId(): number {
  try {
    return Number(/\d+$/.exec(readlinkSync("/proc/thread-self"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/** What another thread of this process has worked so far, at most, ms; undefined when there is no such thread any more. */
export function workedMsOf(kernelId: number): number | undefined {
  if (kernelId === 0) return allWorkedMs();
  try {
    const stat = readFileSync(`/proc/self/task/${kernelId}/stat`, "utf8");
    // After the name, which may hold anything: state, and then numbers; user and system time are the 14th and 15th of all.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

// What the world makes of what a program says.

import { type Call, SystemFault } from "../disk/calls.ts";
import type { ViolationKind } from "../trace.ts";
import { awaitsDatabase } from "./databases.ts";
import { NeedsThreads, Refused } from "./host.ts";
import { insert, newItem, remove } from "./pending.ts";
import type { Failure, Port } from "./port.ts";
import type { SimulatedProcess, WorldItem } from "./process.ts";
import { PROMPT_MS } from "./time.ts";
import type { World } from "./world.ts";

export function portOf(world: World, process: SimulatedProcess): Port {
  const live = (): boolean => process.alive;
  return {
    later: (token, call, site) => {
      if (live()) process.effects.push(newItem(world, process, "effect", token, { call, site }));
    },
    now: (token, call, site) => now(world, process, token, call, site),
    timer: (token, delayMs, held) => {
      if (!live()) return;
      const dueMs = process.timeMs + delayMs;
      insert(process.timers, newItem(world, process, "timer", token, { dueMs, patienceMs: dueMs + PROMPT_MS }));
      if (held) process.holds.add(token);
    },
    immediate: (token, held) => {
      if (!live()) return;
      process.immediates.push(newItem(world, process, "effect", token));
      if (held) process.holds.add(token);
    },
    hold: (token) => void process.holds.add(token),
    held: (token, held) => void (held ? process.holds.add(token) : process.holds.delete(token)),
    listens: (signal, listens) => void (listens ? process.listensFor.add(signal) : process.listensFor.delete(signal)),
    cancel: (token) => cancel(world, process, token),
    clock: () => process.now(),
    note: (history, kind, record) => world.notes.note(process, history, kind, record),
    noted: (history) => world.notes.of(history),
    settled: () => {
      process.settled = true;
    },
    failing: (kind, failure) => violated(world, process, kind, failure),
    failed: (kind, failure) => failed(world, process, kind, failure),
    exited: (code) => {
      if (code === 0) world.end(process, 0);
      else failed(world, process, "exit-code", { name: "Error", message: `it exited with code ${code}` });
    },
    refused: (failure) => {
      world.abandoned ??= new Refused(failure);
    },
  };
}

function now(world: World, process: SimulatedProcess, token: number, call: Call, site: string | undefined): unknown {
  if (!process.alive) throw new SystemFault("EIO");
  // Setup and check are not in threads, and run alone.
  if (world.threaded && process.index > 0) {
    process.blockedOn = newItem(world, process, "effect", token, {
      call,
      site,
      standing: true,
      ...waiting(world, process, call),
    });
    return undefined;
  }
  // Nothing that happens after a violation is looked at: handlers of exit get no further.
  if (world.racing && world.violation !== undefined) throw new SystemFault("EIO");
  if (world.racing && !isAlone(world, process)) {
    world.abandoned ??= new NeedsThreads(`${call.op} by ${process.name}`);
    throw world.abandoned;
  }
  // Nobody else is there to bring about what it waits for.
  const { dueMs } = waiting(world, process, call);
  if (dueMs !== undefined) world.pass(process, dueMs);
  const { fault, result } = world.call(process, call, token);
  if (fault !== undefined) throw fault;
  return result;
}

/** Whether nobody could see the difference if this process did several things at once. */
function isAlone(world: World, process: SimulatedProcess): boolean {
  if (world.faults.any || world.processes.length <= world.toStart) return false;
  return !world.processes.some((other) => other !== process && other.alive && other.index > 0);
}

function cancel(world: World, process: SimulatedProcess, token: number): void {
  process.holds.delete(token);
  for (const list of [process.timers, process.immediates, process.effects]) {
    const item = list.find((one) => one.token === token);
    if (item === undefined) continue;
    remove(list, item);
    world.noteCancelled(item);
  }
  for (const service of world.services) service.cancelled?.(process, token);
}

function failed(world: World, process: SimulatedProcess, kind: ViolationKind, failure: Failure): void {
  if (!process.alive) return;
  violated(world, process, kind, failure);
  world.end(process, 1);
}

function violated(world: World, process: SimulatedProcess, kind: ViolationKind, failure: Failure): void {
  if (!process.alive || (process.index > 0 && world.mayFail(process.name))) return;
  world.violation ??= {
    kind,
    process: process.name,
    message: failure.message,
    ...(failure.stack && { stack: failure.stack }),
  };
}

/** A call that takes time: until when at the most, and what ends it before. */
function waiting(world: World, process: SimulatedProcess, call: Call): Partial<WorldItem> {
  const awaited = awaitsDatabase(call);
  const limitMs = awaited?.limitMs ?? (call.op === "sleep" ? (call.args[0] as number) : undefined);
  if (limitMs === undefined) return {};
  const dueMs = process.timeMs + limitMs;
  const ready = awaited === undefined ? () => false : () => world.databases.hasChanged(awaited);
  return { dueMs, patienceMs: dueMs + PROMPT_MS, ready };
}

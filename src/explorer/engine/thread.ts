// The thread of one simulated process: carries out commands, and stands still in between.

import { workerData } from "node:worker_threads";
import { type Call, SystemFault } from "../disk/calls.ts";
import { Modules } from "../modules/modules.ts";
import { catching } from "../program/drain.ts";
import { Exited, Program } from "../program/program.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Port } from "../world/port.ts";
import { IsolatedScenario, runningProgram } from "./scenario.ts";
import { scenarioFace } from "./scenario-face.ts";
import { Channel } from "./thread-channel.ts";
import type { Answer, Command, Said, ThreadData } from "./thread-protocol.ts";
import { kernelThreadId } from "./time-used.ts";

const { channel: end, kernelId, file, exported, sources, index } = workerData as ThreadData;
/** A dead program that goes on calling so often is not going to end by itself. */
const MAX_CALLS_OF_THE_DEAD = 1000;

kernelId[0] = kernelThreadId();
const channel = new Channel(end);
const modules = new Modules(sources);
const scenario = new IsolatedScenario(modules, file, exported, scenarioFace);
let said: Said[] = [];
let timeMs = 0;
let dead = false;
let callsOfTheDead = 0;
let program: Program | undefined;

/** Commands come in batches; their answers go back together. */
let commands: Command[] = [];
let answers: Answer[] = [];

function answer(more: Partial<Answer> = {}): void {
  answers.push({ said, ...more });
  said = [];
}

function next(): Command {
  if (answers.length > 0 && commands.length === 0) {
    channel.send(answers);
    answers = [];
  }
  if (commands.length === 0) commands = channel.receive() as Command[];
  const command = commands.shift() as Command;
  timeMs = command.timeMs;
  return command;
}

/** Stands still in a synchronous call until the world has chosen it. */
function standStill(token: number, call: Call, site: string | undefined): unknown {
  if (dead) {
    callsOfTheDead += 1;
    if (callsOfTheDead > MAX_CALLS_OF_THE_DEAD) {
      channel.send([{ said: [], stuck: true } satisfies Answer]);
      // The world has made a new thread, and ends this one.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    throw new Exited();
  }
  answer({ blockedIn: { token, call, site } });
  const command = next();
  if (command.do !== "settle") {
    dead = true;
    throw new Exited();
  }
  if (command.faultCode !== undefined) throw new SystemFault(command.faultCode);
  if (command.fault !== undefined) throw command.fault;
  return command.result;
}

const port: Port = {
  later: (...args) => void said.push(["later", ...args]),
  now: standStill,
  timer: (...args) => void said.push(["timer", ...args]),
  immediate: (...args) => void said.push(["immediate", ...args]),
  hold: (...args) => void said.push(["hold", ...args]),
  held: (...args) => void said.push(["held", ...args]),
  listens: (...args) => void said.push(["listens", ...args]),
  cancel: (...args) => void said.push(["cancel", ...args]),
  clock: () => timeMs,
  note: (...args) => void said.push(["note", ...args]),
  noted: () => [],
  settled: () => void said.push(["settled"]),
  failing: (...args) => void said.push(["failing", ...args]),
  failed: (...args) => void said.push(["failed", ...args]),
  exited: (...args) => void said.push(["exited", ...args]),
  refused: (...args) => void said.push(["refused", ...args]),
};

function carryOut(command: Command): unknown {
  switch (command.do) {
    case "start":
      dead = false;
      callsOfTheDead = 0;
      Program.siteOf = command.recording ? (stack) => modules.positions.siteOf(stack) : undefined;
      program = scenario.program(index, command.of, port);
      return program.start();
    case "settle":
      return program?.settle(
        command.token,
        command.faultCode === undefined ? command.fault : new SystemFault(command.faultCode),
        command.result,
      );
    case "fire":
      return program?.fire(command.token);
    case "notice":
      return program?.notice(command.notice);
    case "signal":
      return program?.signal(command.name);
    case "leave":
      return program?.leave();
    case "quit":
      return program?.quit();
    case "drop":
      return undefined;
  }
}

function serve(): void {
  for (;;) {
    const command = next();
    try {
      carryOut(command);
      answer();
    } catch (error) {
      const { message, stack } = error as Error;
      const hint = error instanceof ScenarioError ? error.hint : undefined;
      answer({ broken: { message, hint, stack } });
    }
  }
}

// Not from within the promise job that this module's own evaluation is: see drain.ts.
setImmediate(() => catching((kind, error) => runningProgram()?.uncaught(kind, error), serve));

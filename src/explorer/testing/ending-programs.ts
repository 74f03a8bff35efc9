// Programs that end in all the ways there are. Each notes what happens; a test runs them under Node as well.

import { appendFileSync } from "node:fs";

const LOG = process.env.ENDING_LOG ?? "/log";
const say = (...what: unknown[]): void => appendFileSync(LOG, `${what.join(" ")}\n`);
const hear = (...events: string[]): void => {
  for (const event of events)
    process.on(event, (...args) => say(event, ...args.slice(0, 2).map(text), process.exitCode));
};
const text = (value: unknown): unknown =>
  value instanceof Error ? value.message : value instanceof Promise ? "" : value;
const after = (ms: number, run: () => void): void => void setTimeout(run, ms);

/** By name; what they return, or do not, is what a process of a race returns. */
export const programs: Readonly<Record<string, () => unknown>> = {
  quietly: () => hear("beforeExit", "exit"),
  moreToDo: () => {
    let times = 0;
    hear("beforeExit", "exit");
    process.on("beforeExit", () => {
      times += 1;
      if (times < 3) after(1, () => say("timer", times));
    });
  },
  nothingThatCounts: () => {
    hear("beforeExit", "exit");
    process.on("beforeExit", () => setTimeout(() => say("never"), 1).unref());
    process.on("beforeExit", () => Promise.resolve().then(() => say("job")));
  },
  exitCode: () => {
    hear("beforeExit", "exit");
    process.exitCode = 3;
  },
  exitCodeAsText: () => {
    hear("exit");
    process.exitCode = "4";
  },
  codeSetWhileExiting: () => {
    hear("exit");
    process.on("exit", () => {
      process.exitCode = 5;
    });
    hear("exit");
  },
  exits: () => {
    hear("beforeExit", "exit");
    after(1, () => {
      process.nextTick(() => say("never"));
      Promise.resolve().then(() => say("never"));
      process.exit();
    });
    after(2, () => say("never"));
  },
  exitsWith: () => {
    process.exitCode = 1;
    hear("exit");
    after(1, () => process.exit(7));
  },
  exitsTwice: () => {
    process.on("exit", (code) => {
      say("exiting", code);
      process.exit(code + 1);
    });
    hear("exit");
    process.exit(1);
  },
  exitsBeforeExit: () => {
    hear("exit");
    process.on("beforeExit", () => process.exit(2));
    hear("beforeExit");
  },
  neverHappens: () => {
    hear("exit");
    try {
      process.exit("x" as never);
    } catch (error) {
      say((error as NodeJS.ErrnoException).code);
    }
    try {
      process.exit(1.5);
    } catch (error) {
      say((error as NodeJS.ErrnoException).code);
    }
  },
  thrown: () => {
    hear("beforeExit", "exit");
    after(1, () => {
      throw new Error("broken");
    });
    after(2, () => say("never"));
  },
  caught: () => {
    hear("uncaughtExceptionMonitor", "uncaughtException", "beforeExit", "exit");
    after(1, () => {
      process.nextTick(() => say("still"));
      throw new Error("broken");
    });
    after(2, () => say("later"));
  },
  caughtBadly: () => {
    hear("exit");
    process.on("uncaughtException", () => {
      throw new Error("broken again");
    });
    after(1, () => {
      throw new Error("broken");
    });
  },
  thrownWhileExiting: () => {
    process.on("exit", () => {
      throw new Error("broken");
    });
    hear("exit");
  },
  thrownBeforeExit: () => {
    process.on("beforeExit", () => {
      throw new Error("broken");
    });
    hear("exit");
  },
  codeSetWhileBroken: () => {
    process.on("exit", () => {
      process.exitCode = 9;
    });
    after(1, () => {
      throw new Error("broken");
    });
  },
  rejected: () => {
    hear("exit");
    after(1, () => void Promise.reject(new Error("broken")));
    after(2, () => say("never"));
  },
  rejectedAndHeard: () => {
    hear("unhandledRejection", "uncaughtException", "exit");
    after(1, () => void Promise.reject(new Error("broken")));
    after(2, () => say("later"));
  },
  rejectedAsException: () => {
    hear("uncaughtExceptionMonitor", "uncaughtException", "exit");
    after(1, () => void Promise.reject(new Error("broken")));
  },
  rejectedForATime: () => {
    hear("unhandledRejection", "exit");
    after(1, () => {
      const promise = Promise.reject(new Error("broken"));
      process.nextTick(() => promise.catch(() => say("caught in time")));
    });
  },
  signalled: () => {
    hear("SIGUSR2", "exit");
    after(1, () => process.kill(process.pid, "SIGUSR2"));
    // The signal ends nothing: under Node, all of this is waited for.
    after(300, () => undefined);
  },
  ended: () => {
    hear("exit");
    after(1, () => process.kill(process.pid, "SIGTERM"));
    after(5000, () => undefined);
  },
  signalledOnce: () => {
    hear("exit");
    process.once("SIGINT", () => {
      say("once");
      process.kill(process.pid, "SIGINT");
    });
    after(1, () => process.kill(process.pid, "SIGINT"));
    after(5000, () => undefined);
  },
  stoppedListening: () => {
    const never = (): void => say("never");
    process.on("SIGHUP", never).off("SIGHUP", never);
    after(1, () => process.kill(process.pid, "SIGHUP"));
    after(5000, () => undefined);
  },
  order: () => {
    hear("exit");
    setImmediate(() => say("immediate"));
    process.nextTick(() => say("tick"));
    Promise.resolve().then(() => say("job"));
    queueMicrotask(() => say("microtask"));
    say("at once");
  },
};

// From a callback, as the main function of a process is called.
if (process.env.ENDING_LOG !== undefined) setImmediate(() => programs[process.env.ENDING_PROGRAM ?? ""]?.());

// The same scenarios as a user of fast-check's scheduler writes them: files are a map in memory, and each call is wrapped
// by hand into a scheduled promise, after which it is done at once. The label is the process.

import assert from "node:assert/strict";
import fc from "fast-check";

/** Waits for the scheduler, then does it. */
export type Effect = <T>(deed: () => T) => Promise<T>;

export interface ScheduledScenario {
  /** New files, and the processes over them. */
  start(): { readonly processes: readonly ((effect: Effect) => Promise<unknown>)[]; check(): void };
}

/** One run; fails when a process or the check fails. Returns whose turn it was, in order. */
export async function runScheduled(scheduler: fc.Scheduler, scenario: ScheduledScenario): Promise<void> {
  const { processes, check } = scenario.start();
  const running = processes.map((main, process) =>
    main((deed) => scheduler.schedule(Promise.resolve(), `${process}`).then(deed)),
  );
  await scheduler.waitFor(Promise.all(running));
  check();
}

export function turnsOf(scheduler: fc.Scheduler): string[] {
  return scheduler
    .report()
    .filter(({ status }) => status === "resolved")
    .map(({ label }) => label);
}

export interface FirstFailure {
  readonly runs: number;
  readonly ms: number;
  readonly turns: readonly string[];
}

/** Undefined when so many runs show nothing. */
export async function firstFailure(
  scenario: ScheduledScenario,
  seed: number,
  maxRuns: number,
): Promise<FirstFailure | undefined> {
  let turns: string[] = [];
  const startedAt = performance.now();
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    try {
      await runScheduled(scheduler, scenario);
    } catch (error) {
      turns = turnsOf(scheduler);
      throw error;
    }
  });
  // Schedules are not shrunk by it anyway.
  const { failed, numRuns } = await fc.check(property, { seed, numRuns: maxRuns, endOnFailure: true });
  return failed ? { runs: numRuns, ms: performance.now() - startedAt, turns } : undefined;
}

function fault(code: string): Error {
  return Object.assign(new Error(code), { code });
}
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? "";

/** Names with a text each; a directory and a link are names too. */
class Files {
  readonly names = new Map<string, string>();
  make(path: string, text = ""): void {
    if (this.names.has(path)) throw fault("EEXIST");
    this.names.set(path, text);
  }
  read(path: string): string {
    const text = this.names.get(path);
    if (text === undefined) throw fault("ENOENT");
    return text;
  }
  write(path: string, text: string): void {
    this.names.set(path, text);
  }
  rename(from: string, to: string): void {
    this.names.set(to, this.read(from));
    this.names.delete(from);
  }
  unlink(path: string): void {
    if (!this.names.delete(path)) throw fault("ENOENT");
  }
  list(prefix: string): string[] {
    return [...this.names.keys()].filter((name) => name.startsWith(prefix));
  }
}

export const mkdirs: ScheduledScenario = {
  start() {
    const files = new Files();
    const main = (process: string) => async (effect: Effect) => {
      for (let at = 0; at < 4; at += 1) await effect(() => files.make(`/${process}${at}`));
    };
    return { processes: ["a", "b", "c"].map(main), check: () => undefined };
  },
};

export const accesses: ScheduledScenario = {
  start() {
    const files = new Files();
    files.make("/tmp");
    const main = async (effect: Effect) => {
      for (let at = 0; at < 4; at += 1) await effect(() => files.read("/tmp"));
    };
    return { processes: [main, main, main], check: () => undefined };
  },
};

export const lostUpdate: ScheduledScenario = {
  start() {
    const files = new Files();
    files.make("/balance", "0");
    const add = (amount: number) => async (effect: Effect) => {
      const balance = Number(await effect(() => files.read("/balance")));
      await effect(() => files.write("/balance", `${balance + amount}`));
    };
    return { processes: [add(1), add(2)], check: () => assert.equal(files.read("/balance"), "3") };
  },
};

export const staleLock: ScheduledScenario = {
  start() {
    const files = new Files();
    files.make("/lock", "dead");
    const claim = async (effect: Effect, me: string): Promise<boolean> => {
      try {
        await effect(() => files.make("/lock", me));
        return true;
      } catch {
        return false;
      }
    };
    const take = async (effect: Effect, me: string): Promise<boolean> => {
      try {
        if (!(await claim(effect, me))) {
          if ((await effect(() => files.read("/lock"))) !== "dead") return false;
          await effect(() => files.rename("/lock", `/taken-by-${me}`));
          if ((await effect(() => files.read(`/taken-by-${me}`))) !== "dead") {
            await effect(() => files.rename(`/taken-by-${me}`, "/lock"));
            return false;
          }
          await effect(() => files.unlink(`/taken-by-${me}`));
          if (!(await claim(effect, me))) return false;
        }
        return (await effect(() => files.read("/lock"))) === me;
      } catch (error) {
        assert.equal(codeOf(error), "ENOENT");
        return false;
      }
    };
    const enter = (me: string) => async (effect: Effect) => {
      if (!(await take(effect, me))) return;
      const taken = await effect(() => files.list("/numbers/"));
      await effect(() => files.make(`/numbers/${taken.length}`));
      await effect(() => files.unlink("/lock")).catch((error) => assert.equal(codeOf(error), "ENOENT"));
    };
    return { processes: ["a", "b", "c"].map(enter), check: () => undefined };
  },
};

export const sameAgain: ScheduledScenario = {
  start() {
    const files = new Files();
    files.make("/even", "0");
    files.make("/current", "even");
    const countUp = (me: string) => async (effect: Effect) => {
      const current = await effect(() => files.read("/current"));
      const count = Number(await effect(() => files.read(`/${current}`)));
      await effect(() => files.write(`/new-${me}`, `${count + 1}`));
      const next = current === "even" ? "odd" : "even";
      await effect(() => files.make(`/next-${me}`, next));
      try {
        await effect(() => files.make("/lock"));
      } catch {
        return;
      }
      if ((await effect(() => files.read("/current"))) === current) {
        await effect(() => files.rename(`/new-${me}`, `/${next}`));
        await effect(() => files.rename(`/next-${me}`, "/current"));
        await effect(() => files.make(`/counted-${me}`));
      }
      await effect(() => files.unlink("/lock"));
    };
    const check = (): void => {
      assert.equal(Number(files.read(`/${files.read("/current")}`)), files.list("/counted-").length);
    };
    return { processes: ["a", "b", "c"].map(countUp), check };
  },
};

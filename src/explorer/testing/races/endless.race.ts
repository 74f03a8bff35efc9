// Programs that never come to an end, each in its own way, beside one that does.

import { existsSync, mkdirSync, watch as watchFolder, writeFileSync } from "node:fs";
import { access, mkdir, readFile, rmdir, stat, watch, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { race } from "holdfast/explorer";

const beside = { other: () => writeFile("/other", "done") };

async function pollFor(name: string, everyMs: number): Promise<void> {
  for (;;) {
    try {
      return await access(name);
    } catch {
      await wait(everyMs);
    }
  }
}

/** Nobody ever writes the name. */
export const polling = race({ processes: { a: () => pollFor("/never", 50), ...beside } });
/** Without a timer between. */
export const busyPolling = race({
  processes: {
    a: async () => {
      for (;;)
        await access("/never").then(
          () => assertNever(),
          () => undefined,
        );
    },
    ...beside,
  },
});
const assertNever = (): never => {
  throw new Error("it is there");
};
export const immediates = race({
  processes: {
    a: () => {
      const again = (): void => void setImmediate(again);
      again();
    },
    ...beside,
  },
});
export const interval = race({ processes: { a: () => void setInterval(() => undefined, 10), ...beside } });
export const spin = race({
  processes: {
    a: async () => {
      await readFile("/start").catch(() => undefined);
      for (;;);
    },
    ...beside,
  },
});
export const spinAtOnce = race({
  processes: {
    a: () => {
      for (;;);
    },
    ...beside,
  },
});
export const clockSpin = race({
  processes: {
    a: () => {
      const until = Date.now() + 100;
      while (Date.now() < until);
    },
    ...beside,
  },
});
export const microtasks = race({
  processes: {
    a: async () => {
      await readFile("/start").catch(() => undefined);
      for (;;) await undefined;
    },
    ...beside,
  },
});
export const ticks = race({
  processes: {
    a: () => {
      const again = (): void => process.nextTick(again);
      again();
    },
    ...beside,
  },
});
export const syncPolling = race({
  processes: {
    a: () => {
      while (!existsSync("/never"));
    },
    b: () => writeFileSync("/other", "done"),
  },
});
export const syncSpin = race({
  processes: {
    a: () => {
      writeFileSync("/mine", "");
      for (;;);
    },
    b: () => writeFileSync("/other", "done"),
  },
});
/** Only in some interleavings. */
export const atTimes = race({
  processes: {
    a: async () => {
      await writeFile("/mark", "a");
      if ((await readFile("/mark", "utf8")) === "b") for (;;) await wait(10);
    },
    b: () => writeFile("/mark", "b"),
  },
});
/** Ends, but late: no endless loop at all. */
export const longButFinite = race({
  processes: {
    a: async () => {
      for (let round = 0; round < 300; round++) await wait(10);
    },
    ...beside,
  },
});
/** Waits for what the other does 300 steps later: finite. */
export const waitsForSlow = race({
  processes: {
    a: () => pollFor("/late", 20),
    b: async () => {
      for (let round = 0; round < 20; round++) await wait(100);
      await writeFile("/late", "");
    },
  },
});
export const watching = race({
  processes: {
    a: async () => {
      for await (const _ of watch("/")) return;
    },
    b: async () => {
      await mkdir("/d");
    },
  },
});
export const setupSpin = race({
  setup: () => {
    for (;;);
  },
  processes: beside,
});
export const checkSpin = race({
  processes: beside,
  check: () => {
    for (;;);
  },
});
export const setupPolls = race({ setup: () => pollFor("/never", 10), processes: beside });
export const checkPolls = race({ processes: beside, check: () => pollFor("/never", 10) });
/** Loops only if b is in between. */
export const spinAtTimes = race({
  processes: {
    a: async () => {
      await writeFile("/mark", "a");
      if ((await readFile("/mark", "utf8")) === "b") for (;;);
    },
    b: () => writeFile("/mark", "b"),
  },
});
/** Ends as soon as b gets its turn. */
export const spinsForAnother = race({
  processes: {
    a: async () => {
      while (await access("/soon").then(no, yes));
    },
    b: () => writeFile("/soon", ""),
  },
});
const [yes, no] = [() => true, () => false];

async function take(name: string): Promise<void> {
  for (;;) {
    try {
      return await mkdir(name);
    } catch {
      await wait(100);
    }
  }
}

/** b never gives it back. */
export const leftHeld = race({
  processes: {
    a: async () => {
      await take("/lock");
      await rmdir("/lock");
    },
    b: () => take("/lock"),
  },
});
const whole = async (): Promise<void> => {
  await take("/lock");
  await writeFile("/work", "");
  await rmdir("/lock");
};
export const leftByTheDead = race({ crashes: 1, processes: { a: whole, b: whole } });
export const leftHeldLooking = race({
  processes: {
    a: async () => {
      for (;;) {
        try {
          await stat("/lock");
        } catch {
          return;
        }
        await wait(10);
      }
    },
    b: () => mkdir("/lock"),
  },
});
/** Sees every change, and tries again. */
function takeWatching(name: string, taken: () => void): void {
  let changes = 1;
  const watcher = watchFolder("/", () => {
    if (changes++ === 0) attempt();
  });
  const attempt = (): void => {
    mkdir(name).then(
      () => {
        watcher.close();
        taken();
      },
      () => {
        const missed = changes > 1;
        changes = missed ? 1 : 0;
        if (missed) attempt();
      },
    );
  };
  attempt();
}
export const leftHeldWatching = race({
  processes: {
    a: () => takeWatching("/lock", () => undefined),
    b: () => takeWatching("/lock", () => undefined),
  },
});
const takeSync = (): void => {
  for (;;) {
    try {
      mkdirSync("/lock");
      return;
    } catch {
      // It is there: once more.
    }
  }
};
export const leftHeldSync = race({ processes: { a: takeSync, b: takeSync } });
const giveBack = () => Promise.all([rmdir("/left"), rmdir("/right")]);
export const crossedPolling = race({
  processes: {
    a: async () => {
      for (const name of ["/left", "/right"]) await take(name);
      await giveBack();
    },
    b: async () => {
      for (const name of ["/right", "/left"]) await take(name);
      await giveBack();
    },
  },
});
const both = (first: string, second: string) => () => takeWatching(first, () => takeWatching(second, giveBack));
export const crossed = race({ processes: { a: both("/left", "/right"), b: both("/right", "/left") } });

// Processes that look whether others live, and end them.

import assert from "node:assert/strict";
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { writeFile as writeFileLater } from "node:fs/promises";
import { race } from "holdfast/explorer";

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ESRCH");
    return false;
  }
}
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
function pidIn(path: string): number {
  return Number(read(path));
}
const forEver = () => setInterval(() => undefined, 1000);

/** A dead process has done all that it had to do. */
export const deadIsDone = race({
  name: "deadIsDone",
  processes: {
    owner: () => {
      writeFileSync("/pid", String(process.pid));
      writeFileSync("/work", "done");
    },
    looker: () => {
      const pid = pidIn("/pid");
      if (pid !== 0 && !lives(pid)) assert.equal(read("/work"), "done");
    },
  },
});
/** But one that still lives may have done it, too. */
export const livingIsNotDone = race({
  name: "livingIsNotDone",
  processes: {
    owner: () => {
      writeFileSync("/pid", String(process.pid));
      writeFileSync("/work", "done");
    },
    looker: () => {
      const pid = pidIn("/pid");
      if (pid !== 0 && read("/work") === "done") assert.equal(lives(pid), false);
    },
  },
});
/** Within a killing, dead is not done. */
export const deadIsNotDone = race({
  ...deadIsDone,
  name: "deadIsNotDone",
  crashes: 1,
  restart: "never",
});

/** Whoever was started again has another pid. */
export const anotherPid = race({
  name: "anotherPid",
  setup: () => writeFileSync("/pids", ""),
  crashes: 1,
  restart: "always",
  processes: {
    owner: () => {
      const before = read("/pids").trim().split(" ").filter(Boolean).map(Number);
      for (const pid of before) assert.equal(lives(pid), false);
      assert.equal(lives(process.pid), true);
      writeFileSync("/pids", `${process.pid} `, { flag: "a" });
    },
  },
});

/** What nobody listens for ends a process anywhere, though it would never end by itself. */
export const killedAnywhere = race({
  name: "killedAnywhere",
  processes: {
    target: () => {
      forEver();
      writeFileSync("/pid", String(process.pid));
      writeFileSync("/first", "");
      writeFileSync("/second", "");
    },
    killer: () => process.kill(1010),
  },
  check: () => assert.notEqual(`${existing("/first")} ${existing("/second")}`, "true false"),
});
function existing(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
/** A handler runs between two calls that are not synchronous, and so never between these. */
export const handled = race({
  name: "handled",
  processes: {
    target: () => {
      const timer = forEver();
      process.on("SIGTERM", (name: string, number: number) => {
        assert.deepEqual([name, number], ["SIGTERM", 15]);
        if (existing("/pid")) assert.equal(existing("/first"), existing("/second"));
        clearInterval(timer);
        writeFileSync("/handled", "");
      });
      writeFileSync("/pid", String(process.pid));
      writeFileSync("/first", "");
      writeFileSync("/second", "");
    },
    killer: () => process.kill(1010, "SIGTERM"),
  },
  check: () => assert.equal(existing("/handled"), true),
});
/** A process that listens no more ends by the signal, and so does one that sends it to itself. */
export const again = race({
  name: "again",
  processes: {
    target: () => {
      forEver();
      process.once("SIGINT", () => {
        writeFileSync("/handled", "");
        process.kill(process.pid, "SIGINT");
        writeFileSync("/not reached", "");
      });
      process.on("exit", () => writeFileSync("/exit", ""));
    },
    killer: () => process.kill(1010, "SIGINT"),
  },
  check: () => {
    assert.equal(existing("/handled"), true);
    assert.equal(existing("/not reached"), false);
    assert.equal(existing("/exit"), false);
  },
});
/** Handlers of `exit` may do things. */
export const cleansUp = race({
  mayFail: ["killer"],
  name: "cleansUp",
  processes: {
    target: () => {
      process.on("SIGTERM", () => process.exit(0));
      process.on("exit", () => unlinkSync("/lock"));
      writeFileSync("/lock", "");
      setTimeout(() => undefined, 50);
    },
    killer: () => {
      if (existing("/lock") && lives(1010)) process.kill(1010);
    },
  },
  check: () => assert.equal(existing("/lock"), false),
});
/** What Node says of what cannot be sent. */
export const refusals = race({
  name: "refusals",
  processes: {
    only: () => {
      assert.throws(() => process.kill(1, 0), { code: "EPERM", syscall: "kill", errno: -1, message: "kill EPERM" });
      assert.throws(() => process.kill(77), { code: "ESRCH", syscall: "kill", errno: -3, message: "kill ESRCH" });
      assert.throws(() => process.kill(process.pid, 99), { code: "EINVAL", message: "kill EINVAL" });
      assert.throws(() => process.kill(process.pid, "SIGNONE"), { code: "ERR_UNKNOWN_SIGNAL", name: "TypeError" });
      assert.throws(() => process.kill("x" as never), { code: "ERR_INVALID_ARG_TYPE" });
      assert.throws(() => process.on("SIGKILL", () => undefined), { code: "EINVAL", syscall: "uv_signal_start" });
      assert.equal(process.kill(process.pid, "SIGWINCH"), true);
    },
  },
});

/** Nobody asks what is cleaned up once a run has failed. */
export const failsAndCleansUp = race({
  name: "failsAndCleansUp",
  processes: {
    a: async () => {
      process.on("exit", () => writeFileSync("/cleaned", ""));
      await writeFileLater("/done", "");
      throw new Error("as it comes");
    },
    b: () => writeFileLater("/other", ""),
  },
});

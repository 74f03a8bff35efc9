// Processes that tell others, and themselves, by what /proc says.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { readFile, rmdir, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { race } from "holdfast/explorer";
import { outcomes, startOf } from "./proc-calls.ts";

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
    return "ok";
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
function startNow(pid: number | "self"): number {
  return startOf(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
}
const bootId = () => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8");

/** The same calls as of a real process; its answers are read by the test, as the message of a violation. */
export const allCalls = race({
  name: "allCalls",
  processes: {
    only: () => {
      throw new Error(JSON.stringify(outcomes("/tmp")));
    },
  },
});

/** All three forms say the same, of those that live and of those that do not. */
export const forms = race({
  name: "forms",
  processes: {
    only: async () => {
      const path = `/proc/${process.pid}/stat`;
      const text = fs.readFileSync(path, "utf8");
      assert.equal(await readFile(path, "utf8"), text);
      assert.equal(await promisify(fs.readFile)(path, "utf8"), text);
      assert.equal(String(await readFile(path)), text);
      assert.equal(fs.existsSync("/proc/1019"), false);
      await assert.rejects(stat("/proc/1019"), { code: "ENOENT", syscall: "stat", path: "/proc/1019" });
      await assert.rejects(promisify(fs.readFile)("/proc/1019/stat"), { code: "ENOENT", syscall: "open" });
      await assert.rejects(rmdir("/proc"), { code: "EBUSY" });
      assert.equal(
        codeOf(() => fs.renameSync("/tmp", "/proc")),
        "EBUSY",
      );
      assert.deepEqual(fs.readdirSync("/").sort(), ["dev", "home", "proc", "tmp"]);
      assert.deepEqual(fs.readdirSync("/proc").sort(), ["1", "1010", "self", "sys"]);
    },
  },
});

/** Each look meets the end of the other: whatever can be seen of it is seen in some run, which fails with it. */
function seen(what: string, look: (pid: number) => string) {
  return race({
    name: `seen ${what}`,
    processes: {
      other: () => fs.writeFileSync("/x", ""),
      looker: () => {
        const found = look(1010);
        if (found === what) throw new Error(found);
      },
    },
  });
}
function opened(pid: number): string {
  if (codeOf(() => fs.accessSync(`/proc/${pid}`)) !== "ok") return "dead at once";
  let fd: number;
  try {
    fd = fs.openSync(`/proc/${pid}/stat`, "r");
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code} when opened`;
  }
  const code = codeOf(() => fs.readFileSync(fd));
  return code === "ok" ? `read, then ${fs.existsSync(`/proc/${pid}`)}` : `${code} when read`;
}
export const deadAtOnce = seen("dead at once", opened);
export const deadWhenOpened = seen("ENOENT when opened", opened);
export const deadWhenRead = seen("ESRCH when read", opened);
export const deadThen = seen("read, then false", opened);
export const alive = seen("read, then true", opened);
const list = () =>
  fs
    .readdirSync("/proc")
    .filter((name) => /^10/.test(name))
    .join();
export const listed = seen("1010,1020", list);
export const notListed = seen("1020", list);

/** Whoever is started again has its pid, and nothing else, in common with the dead. */
export const samePid = race({
  name: "samePid",
  crashes: 2,
  restart: "always",
  reusePids: true,
  processes: {
    owner: () => {
      const me = `${process.pid} ${startNow("self")} ${randomUUID()}`;
      const lives = fs.existsSync("/lives") ? fs.readFileSync("/lives", "utf8").split("\n").filter(Boolean) : [];
      for (const life of lives) {
        const [pid, start, drawn] = life.split(" ");
        const [, myStart, mine] = me.split(" ");
        assert.equal(Number(pid), process.pid);
        assert.ok(Number(start) < Number(myStart), `${start} and ${myStart}`);
        assert.notEqual(drawn, mine);
      }
      fs.writeFileSync("/lives", `${me}\n`, { flag: "a" });
    },
  },
});
/** Somebody else may find the pid taken again, and by the start that it is another. */
export const takenAgain = race({
  name: "takenAgain",
  crashes: 1,
  restart: "always",
  reusePids: true,
  processes: {
    owner: () => fs.existsSync("/x"),
    looker: () => {
      try {
        const [first, second] = [startNow(1010), startNow(1010)];
        if (first !== second) throw new Error(`it is another: ${second - first} tick younger`);
      } catch (error) {
        if (!["ENOENT", "ESRCH"].includes(String((error as NodeJS.ErrnoException).code))) throw error;
      }
    },
  },
});
/** What was opened is of the dead one for ever, and what was begun to be read is read to its end. */
export const heldOpen = race({
  ...takenAgain,
  name: "heldOpen",
  processes: {
    ...takenAgain.processes,
    looker: () => {
      if (!fs.existsSync("/proc/1010")) return;
      const piece = Buffer.alloc(400);
      try {
        const fd = fs.openSync("/proc/1010/stat", "r");
        const beginning = piece.toString("latin1", 0, fs.readSync(fd, piece, 0, 7, null));
        assert.equal(
          codeOf(() => fs.readSync(fd, piece, 0, 400, null)),
          "ok",
        );
        const start = startOf(`${beginning}${piece.toString("latin1")}`);
        if (startNow(1010) === start) return;
        assert.equal(
          codeOf(() => fs.readSync(fd, piece, 0, 400, 0)),
          "ESRCH",
        );
      } catch (error) {
        if (!["ENOENT", "ESRCH"].includes(String((error as NodeJS.ErrnoException).code))) throw error;
      }
    },
  },
});
/** Whoever is started again is listed under its new pid, and not before. */
export const listedAgain = race({ ...listing("1010,1021"), name: "listedAgain" });
export const notYetListed = race({ ...listing("1010"), name: "notYetListed" });
function listing(what: string) {
  return {
    crashes: 1,
    restart: "always" as const,
    processes: {
      looker: () => {
        if (list() === what) throw new Error(what);
      },
      other: () => fs.existsSync("/x"),
    },
  };
}
/** Without the option the dead one's pid is nobody's. */
export const anotherPid = race({
  name: "anotherPid",
  crashes: 1,
  restart: "always",
  processes: {
    owner: () => {
      fs.appendFileSync("/pids", `${process.pid}\n`);
      const [first, ...others] = fs.readFileSync("/pids", "utf8").trim().split("\n");
      if (others.length > 0) assert.equal(fs.existsSync(`/proc/${first}`), false);
    },
  },
});
/** After a power loss it is another boot, on which all starts as it did. */
export const anotherBoot = race({
  name: "anotherBoot",
  setup: () => fs.writeFileSync("/boots", ""),
  powerLoss: true,
  restart: "always",
  reusePids: true,
  processes: {
    only: () => {
      const lines = fs.readFileSync("/boots", "utf8").split("\n").filter(Boolean);
      const me = `${startNow("self")} ${bootId().trim()}`;
      const fd = fs.openSync("/boots", "a");
      fs.writeSync(fd, `${me}\n`);
      fs.fsyncSync(fd);
      const [before] = lines;
      if (before === undefined) return;
      assert.equal(before.split(" ")[0], me.split(" ")[0]);
      assert.notEqual(before, me);
      fs.writeFileSync("/compared", "");
    },
  },
});
/** And so it comes to the comparison in some run. */
export const comparesBoots = race({
  ...anotherBoot,
  name: "comparesBoots",
  check: () => assert.equal(fs.existsSync("/compared"), false),
});

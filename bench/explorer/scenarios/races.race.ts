// Two races to be found: one that nearly every order shows, and one that takes three processes and an order of four turns.

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, readlink, rename, rmdir, symlink, unlink, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

async function add(amount: number): Promise<void> {
  const balance = Number(await readFile("/balance", "utf8"));
  await writeFile("/balance", `${balance + amount}`);
}

/** Each reads and then writes: what one wrote between is lost. */
export const lostUpdate = race({
  setup: () => writeFile("/balance", "0"),
  processes: { a: () => add(1), b: () => add(2) },
  check: async () => assert.equal(await readFile("/balance", "utf8"), "3"),
});

const code = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

/** Whether this process holds the lock now: a link to the name of its holder, which may be dead. */
async function take(me: string): Promise<boolean> {
  try {
    if (!(await claim(me))) {
      if ((await readlink("/lock")) !== "dead") return false;
      await rename("/lock", `/taken-by-${me}`);
      if ((await readlink(`/taken-by-${me}`)) !== "dead") {
        // Somebody else was faster, and this is their lock: it is put back. Between, nobody sees it.
        await rename(`/taken-by-${me}`, "/lock");
        return false;
      }
      await unlink(`/taken-by-${me}`);
      if (!(await claim(me))) return false;
    }
    return (await readlink("/lock")) === me;
  } catch (error) {
    assert.equal(code(error), "ENOENT");
    return false;
  }
}

async function claim(me: string): Promise<boolean> {
  try {
    await symlink(me, "/lock");
    return true;
  } catch (error) {
    assert.equal(code(error), "EEXIST");
    return false;
  }
}

/** Who is inside takes the next number, and nobody else can. */
async function enter(me: string): Promise<void> {
  if (!(await take(me))) return;
  const taken = await readdir("/numbers");
  // Fails when another took it between.
  await mkdir(`/numbers/${taken.length}`);
  await unlink("/lock").catch((error) => assert.equal(code(error), "ENOENT"));
}

/**
 * The holder of a lock is dead, and three take over. a saw that it is dead; b took over and is inside; a takes b's lock
 * away, to look at it; before a puts it back, c finds none and goes in, too.
 */
export const staleLock = race({
  setup: async () => {
    await mkdir("/numbers");
    await symlink("dead", "/lock");
  },
  processes: { a: () => enter("a"), b: () => enter("b"), c: () => enter("c") },
});

/** Counts up in the slot that is not current, and makes it current if the other still is; says whether it was. */
async function countUp(me: string): Promise<boolean> {
  const current = await readlink("/current");
  const count = Number(await readFile(`/${current}`, "utf8"));
  await writeFile(`/new-${me}`, `${count + 1}`);
  await symlink(current === "even" ? "odd" : "even", `/next-${me}`);
  try {
    await mkdir("/lock");
  } catch {
    return false;
  }
  const unchanged = (await readlink("/current")) === current;
  if (unchanged) {
    await rename(`/new-${me}`, `/${current === "even" ? "odd" : "even"}`);
    await rename(`/next-${me}`, "/current");
    await mkdir(`/counted-${me}`);
  }
  await rmdir("/lock");
  return unchanged;
}

/**
 * What was looked at has become what it was: a read the slot; b counted up in the other, and c in the first again; to a
 * nothing seems to have changed. b and c must come whole, one after the other, between two steps of a.
 */
export const sameAgain = race({
  setup: async () => {
    await writeFile("/even", "0");
    await symlink("even", "/current");
  },
  processes: { a: () => countUp("a"), b: () => countUp("b"), c: () => countUp("c") },
  check: async () => {
    const counted = (await readdir("/")).filter((name) => name.startsWith("counted-"));
    assert.equal(Number(await readFile(`/${await readlink("/current")}`, "utf8")), counted.length);
  },
});

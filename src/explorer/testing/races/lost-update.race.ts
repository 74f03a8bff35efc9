// A balance that two processes change by reading and then writing, in each of the ways that Node has.

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { existsSync, readFile as readBack, readFileSync, writeFile as writeBack, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { type DefinedRace, race } from "holdfast/explorer";

const setup = (): Promise<void> => writeFile("/balance", "100");
const check = async (): Promise<void> => assert.equal(await readFile("/balance", "utf8"), "40");

async function withdraw(amount: number): Promise<void> {
  const balance = Number(await readFile("/balance", "utf8"));
  await writeFile("/balance", String(balance - amount));
}

function withdrawByCallback(amount: number): void {
  readBack("/balance", "utf8", (error, text) => {
    if (error !== null) throw error;
    writeBack("/balance", String(Number(text) - amount), (failed) => {
      if (failed !== null) throw failed;
    });
  });
}

const [readLater, writeLater] = [promisify(readBack), promisify(writeBack)];
async function withdrawPromisified(amount: number): Promise<void> {
  const balance = Number(await readLater("/balance", "utf8"));
  await writeLater("/balance", String(balance - amount));
}

function withdrawSync(amount: number): void {
  const balance = Number(readFileSync("/balance", "utf8"));
  writeFileSync("/balance", String(balance - amount));
}

function withdrawByDescriptor(amount: number): void {
  const fd = fs.openSync("/balance", "r+");
  const buffer = Buffer.alloc(10);
  const length = fs.readSync(fd, buffer, 0, 10, 0);
  const left = Number(buffer.toString("utf8", 0, length)) - amount;
  fs.writeSync(fd, String(left), 0);
  fs.ftruncateSync(fd, String(left).length);
  fs.closeSync(fd);
}

/** As graceful-fs does it: a copy of the module, with functions that try again when there are too many open files. */
const graceful: typeof fs = Object.create(
  Object.getPrototypeOf(fs),
  Object.getOwnPropertyDescriptors({ ...fs, readFile: patientReadFile }),
);
function patientReadFile(path: string, options: "utf8", done: (error: Error | null, text: string) => void): void {
  fs.readFile(path, options, (error, text) => {
    if (error?.code === "EMFILE") setImmediate(patientReadFile, path, options, done);
    else done(error, text);
  });
}
function withdrawGracefully(amount: number): void {
  (graceful.readFile as typeof patientReadFile)("/balance", "utf8", (error, text) => {
    if (error !== null) throw error;
    graceful.writeFile("/balance", String(Number(text) - amount), () => undefined);
  });
}

/** Both see no marker, both leave theirs. */
function claim(name: string): void {
  if (existsSync("/claimed")) return;
  writeFileSync("/claimed", name);
  writeFileSync(`/won-by-${name}`, "");
}

const two = (by: (amount: number) => unknown) => ({
  setup,
  processes: { a: () => by(30), b: () => by(30) },
  check,
});

export default race(two(withdraw));
export const byCallback = race(two(withdrawByCallback));
export const promisified = race(two(withdrawPromisified));
export const sync = race(two(withdrawSync));
export const existsThenWrite = race({
  processes: { a: () => claim("a"), b: () => claim("b") },
  check: () => assert.ok(!(existsSync("/won-by-a") && existsSync("/won-by-b")), "both have won"),
});
export const syncByDescriptor = race(two(withdrawByDescriptor));
export const likeGracefulFs = race(two(withdrawGracefully));
export const mixed = race({ ...two(withdraw), processes: { a: () => withdraw(30), b: () => withdrawSync(30) } });
/** Both are defined by one line of code. */
export const [first, second] = [withdraw, withdrawPromisified].map((by) => race(two(by))) as [DefinedRace, DefinedRace];

// A value in a file, kept in memory until the file's time changes. Two writes within one tick of the clock have the same
// time. Nothing is lost and nothing is torn; what is wrong is that an older value is read after a newer one was written,
// and that is a question of order: the history of all reads and writes has to fit one that a register could have.

import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { history, race, register } from "holdfast/explorer";

interface Store {
  read(): Promise<string>;
  write(value: string): Promise<void>;
}

async function replace(value: string): Promise<void> {
  await writeFile(`/value.${process.pid}`, value);
  await rename(`/value.${process.pid}`, "/value");
}

class CachedByTime implements Store {
  #cached: { readonly value: string; readonly mtimeMs: number } | undefined;

  async read(): Promise<string> {
    const { mtimeMs } = await stat("/value");
    if (this.#cached?.mtimeMs !== mtimeMs) this.#cached = { value: await readFile("/value", "utf8"), mtimeMs };
    return this.#cached.value;
  }

  async write(value: string): Promise<void> {
    await replace(value);
  }
}

/** What is to be current is asked for each time. */
class Uncached implements Store {
  async read(): Promise<string> {
    return await readFile("/value", "utf8");
  }

  async write(value: string): Promise<void> {
    await replace(value);
  }
}

const recorded = history(register({ initial: "0" }));

async function readTwice(store: Store): Promise<void> {
  await recorded.run("read", null, () => store.read());
  await recorded.run("read", null, () => store.read());
}

async function write(store: Store, value: string): Promise<void> {
  await recorded.run("write", value, () => store.write(value));
}

const setup = () => writeFile("/value", "0");

export default race({
  setup,
  processes: { reader: () => readTwice(new CachedByTime()), writer: () => write(new CachedByTime(), "1") },
  check: () => recorded.check(),
});

export const fixed = race({
  setup,
  processes: {
    reader: () => readTwice(new Uncached()),
    a: () => write(new Uncached(), "1"),
    b: () => write(new Uncached(), "2"),
  },
  check: () => recorded.check(),
});

// A program saves its settings, and is killed while it does, or the power goes.

import assert from "node:assert/strict";
import { open, readFile, rename, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

const [OLD, NEW] = ['{"volume":3}', '{"volume":7}'];

const setup = () => writeFile("/settings.json", OLD);
async function areWhole(): Promise<void> {
  assert.ok([OLD, NEW].includes(await readFile("/settings.json", "utf8")), "the settings are the old or the new ones");
}

/** `writeFile` empties the file first: killed right then, it leaves nothing. */
export default race({
  setup,
  processes: { a: () => writeFile("/settings.json", NEW) },
  check: areWhole,
  crashes: 1,
});

/** The same can be seen without a crash, by who reads meanwhile. */
export const seenByReaders = race({
  setup,
  processes: { a: () => writeFile("/settings.json", NEW), reader: areWhole },
});

async function saveBeside(): Promise<void> {
  await writeFile("/settings.json.new", NEW);
  await rename("/settings.json.new", "/settings.json");
}

/** Written beside and moved over it, they are always whole for processes... */
export const besides = race({ setup, processes: { a: saveBeside, reader: areWhole }, check: areWhole, crashes: 1 });

/** ... but the disk may have the new name before it has the content. */
export const besidesUnflushed = race({ setup, processes: { a: saveBeside }, check: areWhole, powerLoss: true });

async function save(): Promise<void> {
  const file = await open("/settings.json.new", "w");
  await file.writeFile(NEW);
  await file.sync();
  await file.close();
  await rename("/settings.json.new", "/settings.json");
}

/** Flushed before it is moved, it is whole whatever happens. */
export const fixed = race({
  setup,
  processes: { a: save },
  check: areWhole,
  crashes: 1,
  powerLoss: true,
});

// What the scenarios of the store have in common: a workspace, and how people use it.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { isHoldfastError } from "../../errors.ts";
import { initWorkspaceRecord, openWorkspaceRecord } from "../index.ts";
import { readContent } from "../read-content.ts";
import { Store } from "../store.ts";

const FOLDER = "/w";
const NAME = "notes/today";
/** What was acknowledged, one name each: written after the store said so. */
const TOLD = "/told";

/** Runs `work` with the store, as a process that opens it for this would. */
export async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const { layout, identity } = openWorkspaceRecord(FOLDER);
  using store = new Store(layout, identity);
  return await work(store);
}

/** A workspace with versions of one artifact, all of it durable. */
export async function workspaceWith(...texts: readonly string[]): Promise<void> {
  initWorkspaceRecord(FOLDER);
  mkdirSync(TOLD);
  for (const text of texts) await save(text);
  // From here on the catalog is relied upon.
  await withStore((store) => store.list());
}

export async function save(text: string): Promise<void> {
  const { version } = await withStore((store) => store.put(NAME, text));
  tell(`saved ${version} ${text}`);
}

export async function remove(version?: number): Promise<void> {
  const { deleted } = await withStore((store) => store.delete(NAME, { ...(version !== undefined && { version }) }));
  tell(`deleted ${deleted.join()}`);
}

function tell(text: string): void {
  writeFileSync(`${TOLD}/${text}`, "");
}

export function told(text: string): boolean {
  return existsSync(`${TOLD}/${text}`);
}

/** The texts that are there, by version; each version is found whole, and the list tells of the newest. */
export async function found(store: Store): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for (const { version } of versionsOf(store)) {
    const content = await readContent(store.layout, store.find(NAME, { version }));
    texts.set(version, content.toString());
  }
  const listed = (await store.list()).map(({ name, version }) => ({ name, version }));
  const newest = [...texts.keys()].at(-1);
  assert.deepEqual(listed, newest === undefined ? [] : [{ name: NAME, version: newest }], "list and disk agree");
  return texts;
}

function versionsOf(store: Store) {
  try {
    return store.versions(NAME);
  } catch (error) {
    if (isHoldfastError(error, "NOT_FOUND")) return [];
    throw error;
  }
}

/** The next save works unaided, gets a number that none ever had, and nothing of the dead is left. */
export async function goesOn(above: number): Promise<void> {
  await withStore(async (store) => {
    const { version } = await store.put(NAME, "next");
    assert.ok(version > above, `version ${version} is given, and ${above} was`);
    assert.equal((await found(store)).get(version), "next");
  });
  for (const place of ["staging", "trash"].map((name) => `${FOLDER}/.holdfast/${name}`)) {
    assert.deepEqual(existsSync(place) ? readdirSync(place) : [], [], `nothing is left in ${place}`);
  }
}

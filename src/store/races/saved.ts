// What the scenarios of the store have in common: a workspace, and how people use it.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { DEFAULT_COLLECTION } from "../../entries/index.ts";
import { listVersions } from "../artifact-on-disk.ts";
import { initWorkspaceRecord, openWorkspaceRecord } from "../index.ts";
import { readContent } from "../read-content.ts";
import { Store } from "../store.ts";

export const FOLDER = "/w";
export const NAME = "notes/today";
/** What was acknowledged, one name each: written after the store said so. */
const TOLD = "/told";

/** Runs `work` with the store, as a process that opens it for this would. */
export async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const { layout, identity } = openWorkspaceRecord(FOLDER);
  using store = new Store(layout, identity);
  await store.recovered();
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

export async function save(text: string, name: string = NAME): Promise<void> {
  const { version } = await withStore((store) => store.put(name, text));
  tellSaved(version, text);
}

export function tellSaved(version: number, text: string): void {
  tell(saved(version, text));
}

export function remove(version?: number): Promise<void> {
  return removeFrom(withStore, version);
}

/** `use` is `withStore`, or stands in for it. */
export async function removeFrom(use: typeof withStore, version?: number): Promise<void> {
  const { deleted } = await use((store) => store.delete(NAME, { ...(version !== undefined && { version }) }));
  tell(`deleted ${deleted.join()}`);
}

function saved(version: number, text: string): string {
  return `saved ${version} ${text.slice(0, 8)}`;
}

/** Whether the save of that version was acknowledged. */
export function toldOf(version: number, text: string): boolean {
  return told(saved(version, text));
}

export function tell(text: string): void {
  writeFileSync(`${TOLD}/${text}`, "");
}

export function told(text: string): boolean {
  return existsSync(`${TOLD}/${text}`);
}

/** The texts that are there under `name`, by version; each version is found whole, and the list tells of the newest. */
export async function found(store: Store, name: string = NAME): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for (const version of listVersions(store.layout, DEFAULT_COLLECTION, name)) {
    const content = await readContent(store.layout, store.find(name, { version }));
    texts.set(version, content.toString());
  }
  const listed = (await store.list()).filter((artifact) => artifact.name === name).map(({ version }) => version);
  assert.deepEqual(listed, [...texts.keys()].slice(-1), `list and disk agree on ${name}`);
  return texts;
}

/** The same as lines, one for each version: `2 two`. */
export async function lines(store: Store, name: string = NAME): Promise<string[]> {
  return [...(await found(store, name))].map(([version, text]) => `${version} ${text}`);
}

/** The next save works unaided, gets a number that none ever had, and nothing of the dead is left. */
export async function goesOn(above: number): Promise<void> {
  await withStore(async (store) => {
    const { version } = await store.put(NAME, "next");
    assert.ok(version > above, `version ${version} is given, and ${above} was`);
    assert.equal((await found(store)).get(version), "next");
  });
  leftNothing();
}

/** Nobody lives but who asks: what others had in staging or in the trash has been swept. */
export function leftNothing(): void {
  for (const place of ["staging", "trash"].map((name) => `${FOLDER}/.holdfast/${name}`)) {
    assert.deepEqual(existsSync(place) ? readdirSync(place) : [], [], `nothing is left in ${place}`);
  }
}

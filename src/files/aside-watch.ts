// Files taken out of the folder stay aside for a moment: an editor that had one open may still write to it, and what it
// writes is a save like any other.

import { lstatSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type EntryId, FILES } from "../entries/index.ts";
import { wakeLane } from "../hub-client/index.ts";
import { entryOf, type FolderParts, writeOne } from "./folder-parts.ts";
import { joinHeads } from "./join-heads.ts";
import { contentStamp, identify } from "./observe.ts";
import type { Aside } from "./place.ts";

/** How long a file is kept aside, ms: longer than any editor takes between opening for writing and closing. */
const KEEP_MS = 1_500;
/** Files kept aside at one time; beyond, the oldest are let go early. */
const MAX_KEPT = 2_000;

export class AsideWatch {
  private readonly kept = new Map<Aside, NodeJS.Timeout>();
  private readonly letGo: (aside: Aside) => Promise<void>;

  constructor(letGo: (aside: Aside) => Promise<void>) {
    this.letGo = letGo;
  }

  keep(aside: Aside): void {
    const timer = setTimeout(() => this.end(aside), KEEP_MS);
    timer.unref();
    this.kept.set(aside, timer);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.end(oldest);
  }

  private end(aside: Aside): void {
    clearTimeout(this.kept.get(aside));
    if (this.kept.delete(aside)) void this.letGo(aside);
  }

  async close(): Promise<void> {
    const left = [...this.kept.keys()];
    for (const timer of this.kept.values()) clearTimeout(timer);
    this.kept.clear();
    for (const aside of left) await this.letGo(aside);
  }

  /** Removes the file, after making a version of what was written to it since it was taken aside. */
  async salvage(parts: FolderParts, aside: Aside): Promise<void> {
    let stamp: string;
    try {
      stamp = contentStamp(identify(lstatSync(aside.path, { bigint: true })).stamp);
    } catch {
      return;
    }
    if (stamp !== aside.contentStamp) await this.takeIn(parts, aside);
    rmSync(aside.path, { force: true });
  }

  private async takeIn(parts: FolderParts, aside: Aside): Promise<void> {
    const doc: EntryId = aside.doc;
    if (parts.documents.doc(doc) === undefined) return;
    const staged = parts.store.staging.stageBytes(await readFile(aside.path));
    const old = entryOf(parts, aside.entry);
    const entry = await writeOne(parts, {
      collection: FILES,
      name: old.name,
      kind: "put",
      content: { at: staged, type: aside.type },
      doc,
      parents: [aside.entry],
      ...(old.mode === undefined ? {} : { mode: old.mode }),
    });
    parts.store.staging.discard(staged.dir);
    await joinHeads(parts, doc, aside.entry, entry.id);
    wakeLane(parts.db, doc);
  }
}

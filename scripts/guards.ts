// Each guard of docs/guarantees.md that the explorer watches: the smallest edit that takes it out of the shipped source, and
// the scenario that breaks without it.

export interface Guard {
  /** As the first column of docs/guarantees.md has it. */
  readonly guard: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Another edit that the first needs: an import. */
  readonly also?: readonly [from: string, to: string];
  readonly scenario: string;
  /** Default: the only one. */
  readonly exported?: string;
  /** The explorer takes more than some seconds to find what is wrong: left to `HOLDFAST_TESTS=long` and `npm run mutants`. */
  readonly takesLong?: true;
  /** Where a scenario is too large to be searched whole: how it is searched, here and with the guard in place. */
  readonly preemptions?: number;
}

const TRY_LOCK = "src/coordination/races/try-lock.race.ts";
const STRUCTURAL = "src/coordination/races/structural-lock.race.ts";

const SAVE = "src/store/races/save.race.ts";
const PUBLISH = "src/store/races/publish.race.ts";
const JOURNAL = "src/store/races/journal.race.ts";
const FOLD = "src/store/races/fold.race.ts";
const DELETE = "src/store/races/delete.race.ts";
const OVERTAKEN = "src/store/races/overtaken.race.ts";
const FENCED = "src/store/races/fenced.race.ts";
const RENAME = "src/store/races/rename.race.ts";
const DELETE_ALL = "src/store/races/delete-all.race.ts";
const GC = "src/store/races/gc.race.ts";

export const GUARDS: readonly Guard[] = [
  {
    guard: "create-or-fail of a generation",
    file: "src/coordination/generations.ts",
    from: "    linkSync(ready, fileOf(dir, generation)); // guard: create-or-fail",
    to: "    writeFileSync(fileOf(dir, generation), readFileSync(ready));",
    scenario: "src/hub-client/sync-lock.race.ts",
  },
  {
    guard: "stale-listing recheck",
    file: "src/coordination/lock.ts",
    from: "  if (again.highest > generation) {",
    to: "  if (again.highest > Number.MAX_VALUE) {",
    scenario: TRY_LOCK,
  },
  {
    guard: "a look after what is remembered",
    takesLong: true,
    file: "src/coordination/lock.ts",
    from: "  if (again.highest > generation) {",
    to: '  if (again.highest > generation && finished.file.endsWith(".ready")) {',
    scenario: "src/coordination/races/again.race.ts",
    exported: "twoBehind",
  },
  {
    guard: "the highest generation stays",
    file: "src/coordination/lock.ts",
    from: "  sweepBelow(wish.dir, again, generation, finished.file); // guard: highest-stays",
    to: "  sweepBelow(wish.dir, again, generation + 1, finished.file);",
    scenario: TRY_LOCK,
  },
  {
    guard: "owner's start time",
    file: "src/coordination/owner.ts",
    from: '  if (stat.startTime !== owner.startTime) return "dead"; // guard: start-time. The pid was given to somebody else',
    to: "",
    scenario: "src/coordination/races/same-pid.race.ts",
  },
  {
    guard: "owner's boot",
    file: "src/coordination/owner.ts",
    from: '  if (owner.bootId !== me.bootId) return "dead";',
    to: "",
    scenario: "src/coordination/races/same-pid-after-boot.race.ts",
  },
  {
    guard: "the writer's second look",
    file: "src/coordination/structural-lock.ts",
    from: '        if (above === undefined || readLock(above).state !== "held") {',
    to: "        if (locks.length > 0) {",
    scenario: STRUCTURAL,
  },
  {
    guard: "the second drain",
    file: "src/coordination/structural-lock.ts",
    from: "      await this.#drain(wait); // S3. guard: second-drain",
    to: "",
    scenario: STRUCTURAL,
  },
  {
    guard: "a hold that was passed on is looked at again",
    file: "src/coordination/structural-lock.ts",
    from: "        standing.assertHeld(); // guard: hold-looked-at-again",
    to: "",
    scenario: "src/coordination/races/passed-hold.race.ts",
  },
  {
    guard: "rows of exactly the entries sent",
    file: "src/hub-client/push.ts",
    from: "        db.markSequenced(record.entry.id, sequence);",
    to: '        db.markSequenced(record.entry.id, sequence);\n        db.run("DELETE FROM unsent WHERE lane = ?", row.lane);',
    scenario: "src/hub-client/dirty-mark.race.ts",
  },
  {
    guard: "the version that was asked about",
    file: "src/hub-client/status-poller.ts",
    from: '        db.run("DELETE FROM awaiting WHERE doc = ? AND entry = ?", doc, entry);',
    to: '        db.run("DELETE FROM awaiting WHERE doc = ?", doc);',
    scenario: "src/hub-client/status-mark.race.ts",
  },
  {
    guard: "staging",
    file: "src/store/publish-version.ts",
    from: "  try {\n    renameSync(dir, target);\n  } catch (error) {",
    to: "  try {\n    cpSync(dir, target, { recursive: true });\n  } catch (error) {",
    also: ["import { linkSync,", "import { cpSync, linkSync,"],
    scenario: SAVE,
    exported: "killed",
  },
  {
    guard: "flush of content and version.json",
    file: "src/store/write-versions.ts",
    from: "  await flush(staged, layout.staging);",
    to: "",
    scenario: PUBLISH,
    exported: "large",
  },
  {
    guard: "flush of the version's name",
    takesLong: true,
    file: "src/store/write-versions.ts",
    from: "      await flush([...changedDirs], layout.data);",
    to: "",
    scenario: PUBLISH,
    exported: "large",
  },
  {
    guard: "flush of the journal",
    file: "src/store/journal.ts",
    from: "      fdatasyncSync(fd); // guard: journal-flushed",
    to: "",
    scenario: PUBLISH,
    exported: "next",
  },
  {
    guard: "flush of the journal's name",
    takesLong: true,
    file: "src/store/journal.ts",
    from: "      if (before.bytes === 0) fsyncPath(this.layout.journals); // guard: journal-name-flushed",
    to: "",
    scenario: PUBLISH,
    exported: "next",
  },
  {
    guard: "a checkpoint flushes what stands in the journal",
    file: "src/store/journal.ts",
    from: "    await flush(places, this.layout.data); // guard: checkpoint-flushes",
    to: "",
    scenario: PUBLISH,
    exported: "checkpointed",
  },
  {
    guard: "a checkpoint before a delete",
    file: "src/store/write-access.ts",
    from: "      for (const collection of collections) await this.journalOf(collection).checkpoint(); // guard: checkpoint-first",
    to: "",
    scenario: JOURNAL,
    exported: "thenDeletedPowerLoss",
  },
  {
    guard: "the note before the rename",
    file: "src/store/write-versions.ts",
    from: "isJournaled ? undefined : catalog.begin(planned.map(({ record }) => record.entry));",
    to: "isJournaled ? undefined : catalog.begin([]);",
    scenario: SAVE,
    exported: "largeKilled",
  },
  {
    guard: "a checkpoint folds first",
    file: "src/store/journal.ts",
    from: "    this.complete(); // guard: fold-before-checkpoint",
    to: "",
    scenario: FOLD,
    exported: "besideDeleter",
    preemptions: 1,
  },
  {
    guard: "a fold by whoever read last",
    file: "src/store/catalog.ts",
    from: "      if (this.folded(collection)?.turn !== from?.turn) return undefined;",
    to: "",
    scenario: FOLD,
    exported: "besideDeleter",
    preemptions: 1,
  },
  {
    guard: "what has no rows yet is read from disk",
    takesLong: true,
    file: "src/store/list-artifacts.ts",
    from: "    ...unfoldedArtifacts(layout, catalog, options.collection), // guard: unfolded-first",
    to: "",
    scenario: FOLD,
    exported: "togetherKilled",
  },
  {
    guard: "a note by whoever lost the lock",
    takesLong: true,
    file: "src/store/write-versions.ts",
    from: "    catalog.begin(all.map(({ entry }) => entry));",
    to: "",
    scenario: OVERTAKEN,
    exported: "besideCheckpoint",
    preemptions: 1,
  },
  {
    guard: "what a dead deleter wrote down is finished first",
    takesLong: true,
    file: "src/store/settle.ts",
    from: "  for (const key of parts.catalog.pending(collection)) {\n    finishDeletes(parts, key);",
    to: "  for (const key of parts.catalog.pending(collection)) {",
    scenario: DELETE,
    exported: "newestKilled",
  },
  {
    guard: "the floor's folder is flushed",
    takesLong: true,
    file: "src/store/deleted-file.ts",
    from: "  fsyncPath(layout.collectionDir(collection));",
    to: "",
    scenario: DELETE,
    exported: "newestPowerLoss",
  },
  {
    guard: "what no delete names is put back",
    takesLong: true,
    file: "src/store/remove-versions.ts",
    from: "    putBackOthers(layout, trash, going);",
    to: "",
    scenario: OVERTAKEN,
    exported: "deleter",
    preemptions: 1,
  },
  {
    guard: "a number that another gave is given up",
    file: "src/store/write-versions.ts",
    from: "      withdrawIfOvertaken(parts.layout, record);",
    to: "",
    scenario: OVERTAKEN,
    exported: "saver",
    preemptions: 1,
  },
  {
    guard: "a note is a number, and only the latest is cleared",
    takesLong: true,
    file: "src/store/catalog.ts",
    from: "      if (cleared === 0) {",
    to: "      if (cleared < 0) {",
    scenario: OVERTAKEN,
    exported: "largeSaver",
    preemptions: 1,
  },
  {
    guard: "fencing before publish",
    file: "src/store/write-versions.ts",
    from: "      if (count % SLICE === 0) lost ??= lossOf(fence); // guard: fencing",
    to: "",
    scenario: FENCED,
    exported: "saver",
  },
  {
    guard: "fencing before a delete is written down",
    file: "src/store/delete-versions.ts",
    from: "  fence.assertHeld();\n  addDeletions(",
    to: "  addDeletions(",
    scenario: FENCED,
    exported: "deleter",
  },
  {
    guard: "fencing before a rename is published",
    file: "src/store/rename-artifact.ts",
    from: "    fence.assertHeld();\n    publish(",
    to: "    publish(",
    scenario: FENCED,
    exported: "renamer",
  },
  {
    guard: "two marks that agree from one rename on",
    takesLong: true,
    file: "src/store/rename-mark.ts",
    from: "?.id === mark.id ? mark : undefined;",
    to: " === undefined ? mark : mark;",
    scenario: RENAME,
    exported: "killed",
  },
  {
    guard: "the old name's numbers before its directory goes",
    file: "src/store/finish-rename.ts",
    from: "  addDeletions(layout, old, mark.floor, mark.deletions.map(fromJson));\n",
    to: "",
    also: [
      "  rmSync(join(newDir, RENAMED_FROM));",
      "  addDeletions(layout, old, mark.floor, mark.deletions.map(fromJson));\n  rmSync(join(newDir, RENAMED_FROM));",
    ],
    scenario: RENAME,
    exported: "killed",
  },
  {
    guard: "only what was renamed goes from the old name",
    takesLong: true,
    file: "src/store/finish-rename.ts",
    from: "there.filter((version) => version <= mark.floor)",
    to: "there",
    scenario: RENAME,
    exported: "overtakenAtOld",
    preemptions: 1,
  },
  {
    guard: "only what was renamed is gone from the old name",
    takesLong: true,
    file: "src/store/artifact-on-disk.ts",
    from: ".filter((version) => version > gone)",
    to: ".filter(() => gone === 0)",
    scenario: RENAME,
    exported: "overtakenAtOld",
    preemptions: 1,
  },
  {
    guard: "a rename is finished before either name is written to",
    takesLong: true,
    file: "src/store/write-versions.ts",
    from: "  if (onDisk.length === 0 && earlier === undefined) finishRename(parts, { collection, name });\n",
    to: "",
    scenario: RENAME,
    exported: "killedUnknown",
  },
  {
    guard: "the reader looks again, and follows again",
    takesLong: true,
    file: "src/workspace/read-version.ts",
    from: "if (looks === MOST_LOOKS || !wentMeanwhile(record, error)) throw error;",
    to: "if (looks > 0) throw error;",
    scenario: RENAME,
    exported: "besideReader",
  },
  {
    guard: "all that goes is written down in one file first",
    takesLong: true,
    file: "src/store/deleting-collection.ts",
    from: "  mkdirSync(dirname(path), { recursive: true });\n  replaceFile(",
    to: "  mkdirSync(dirname(path), { recursive: true });\n  if (going.length === 0) replaceFile(",
    scenario: DELETE_ALL,
    exported: "killed",
  },
  {
    guard: "what a dead deleter of all wrote down is finished first",
    takesLong: true,
    file: "src/store/settle.ts",
    from: "  const deleted = finishDeleting(parts.layout, collection);",
    to: "  const deleted: ArtifactKey[] = [];",
    scenario: DELETE_ALL,
    exported: "killed",
  },
  {
    guard: "what is as good as deleted is not among those that are kept",
    takesLong: true,
    file: "src/store/collect-garbage.ts",
    from: ".filter(({ version }) => !gone.has(version));",
    to: ".filter(() => gone !== undefined);",
    scenario: GC,
    exported: "afterDeleterDied",
  },
  {
    guard: "floors are flushed before they take the place of others",
    file: "src/store/deleting-collection.ts",
    from: "    await flush(\n      staged.map(({ path }) => path),\n      layout.staging,\n    );\n",
    to: "",
    scenario: DELETE_ALL,
    exported: "powerLoss",
  },
  {
    guard: "what others saved under the new name is put back",
    takesLong: true,
    file: "src/store/rename-artifact.ts",
    from: "    putBackOthers(layout, trash, new Set());",
    to: "",
    scenario: RENAME,
    exported: "overtakenAtNew",
    preemptions: 1,
  },
];

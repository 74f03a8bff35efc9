// What happened in a folder, concluded from two looks at it, against a model in which every file is known by its inode.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EntryId } from "../entries/index.ts";
import type { FileRow } from "./documents.ts";
import type { Observed, Present } from "./observe.ts";
import { type LocalChange, planLocal } from "./plan-local.ts";

/** A folder of files: which inode is at each path, and how often each was written. */
class Model {
  readonly at = new Map<string, { readonly inode: number; written: number }>();
  private inodes = 0;

  create(path: string): void {
    this.inodes += 1;
    this.at.set(path, { inode: this.inodes, written: 0 });
  }
  modify(path: string): void {
    const file = this.at.get(path);
    if (file !== undefined) file.written += 1;
  }
  rename(from: string, to: string): void {
    const file = this.at.get(from);
    if (file === undefined || from === to) return;
    this.at.delete(from);
    this.at.set(to, file);
  }
  /** As editors save: a new file, renamed over the old one. */
  replace(path: string): void {
    this.create("temporary");
    this.rename("temporary", path);
  }
  swap(a: string, b: string): void {
    if (!this.at.has(a) || !this.at.has(b)) return;
    this.rename(a, "temporary");
    this.rename(b, a);
    this.rename("temporary", b);
  }
  remove(path: string): void {
    this.at.delete(path);
  }

  rows(): FileRow[] {
    return [...this.at].map(([path, { inode, written }]) => ({
      path,
      doc: `doc of ${path}` as EntryId,
      entry: `entry of ${path}` as EntryId,
      hash: "",
      type: "text/plain",
      mode: 0o644,
      file_id: String(inode),
      stamp: String(written),
    }));
  }
  /** What a look at the whole folder sees; of `known` paths, also that they are gone. */
  look(known: Iterable<string>): Observed[] {
    const present = [...this.at].map(
      ([path, { inode, written }]): Present => ({
        kind: "file",
        path,
        fileId: String(inode),
        stamp: String(written),
        size: 0,
        isExecutable: false,
        modifiedMs: 0,
      }),
    );
    const gone = [...known].filter((path) => !this.at.has(path));
    return [...present, ...gone.map((path): Observed => ({ kind: "absent", path }))];
  }
}

/** Where each document lies after the changes; fails when two lie at one path or a change makes no sense. */
function apply(rows: readonly FileRow[], changes: readonly LocalChange[]): Map<string, EntryId> {
  const placeOf = new Map(rows.map((row) => [row.doc, row.path]));
  const touched = new Set<string>();
  for (const change of changes) {
    if (change.kind === "create") placeOf.set(`new at ${change.at.path}` as EntryId, change.at.path);
    else {
      assert.ok(!touched.has(change.row.doc), `one change a document: ${change.row.doc}`);
      touched.add(change.row.doc);
      if (change.kind === "remove") placeOf.delete(change.row.doc);
      else placeOf.set(change.row.doc, change.at.path);
      if (change.kind === "modify") assert.equal(change.at.path, change.row.path);
      if (change.kind === "move") assert.notEqual(change.at.path, change.row.path);
    }
  }
  const docAt = new Map<string, EntryId>();
  for (const [doc, path] of placeOf) {
    assert.equal(docAt.get(path), undefined, `two documents at ${path}`);
    docAt.set(path, doc);
  }
  return docAt;
}

function plan(
  start: readonly string[],
  act: (model: Model) => void,
): { changes: LocalChange[]; docAt: Map<string, EntryId> } {
  const model = new Model();
  for (const path of start) model.create(path);
  const rows = model.rows();
  act(model);
  const changes = planLocal(rows, model.look(rows.map(({ path }) => path)));
  const docAt = apply(rows, changes);
  assert.deepEqual([...docAt.keys()].sort(), [...model.at.keys()].sort());
  return { changes, docAt };
}

const brief = (changes: readonly LocalChange[]): string[] =>
  changes
    .map((change) => {
      if (change.kind === "create") return `create ${change.at.path}`;
      return change.kind === "move" ? `move ${change.row.path} ${change.at.path}` : `${change.kind} ${change.row.path}`;
    })
    .sort();

const path = fc.constantFrom("a", "b", "c", "d");
const act = fc.oneof(
  fc.record({ do: fc.constantFrom("create" as const, "modify" as const, "replace" as const, "remove" as const), path }),
  fc.record({ do: fc.constantFrom("rename" as const, "swap" as const), path, to: path }),
);

test("whatever is done to a folder, the changes lead from what was known to exactly what is there", () => {
  fc.assert(
    fc.property(fc.uniqueArray(path), fc.array(act, { maxLength: 8 }), (start, acts) => {
      const model = new Model();
      for (const each of start) model.create(each);
      const rows = model.rows();
      for (const each of acts) {
        if (each.do === "rename" || each.do === "swap") model[each.do](each.path, each.to);
        else model[each.do](each.path);
      }
      const changes = planLocal(rows, model.look(rows.map((row) => row.path)));
      const docAt = apply(rows, changes);
      assert.deepEqual([...docAt.keys()].sort(), [...model.at.keys()].sort(), "a document for every file, and no more");
      for (const row of rows) {
        const now = [...model.at].find(([, file]) => String(file.inode) === row.file_id);
        const after = [...docAt].find(([, doc]) => doc === row.doc)?.[0];
        if (now === undefined) continue;
        const [place, file] = now;
        // Its file is there: it took its document along, unless it was laid over another document's path.
        if (after !== place) assert.ok(rows.some((other) => other.path === place && docAt.get(place) === other.doc));
        else if (place === row.path) {
          const isSaid = changes.some((change) => change.kind === "modify" && change.row.doc === row.doc);
          assert.equal(isSaid, String(file.written) !== row.stamp, "a change is told when there is one, and only then");
        }
      }
    }),
    { numRuns: 5_000 },
  );
});

test("nothing is concluded about what was not seen or could not be read", () => {
  const model = new Model();
  for (const each of ["a", "b"]) model.create(each);
  const rows = model.rows();
  assert.deepEqual(planLocal(rows, []), []);
  assert.deepEqual(planLocal(rows, [{ kind: "unknown", path: "a", reason: "EIO" }]), []);
});

test("FILE-13 a temporary file renamed over the target changes the target's document", () => {
  const { changes, docAt } = plan(["a"], (model) => model.replace("a"));
  assert.deepEqual(brief(changes), ["modify a"]);
  assert.equal(docAt.get("a"), "doc of a");
});

test("FILE-13 an editor's backup: the old file is renamed to a~, a new one is written", () => {
  const { changes } = plan(["a"], (model) => {
    model.rename("a", "a~");
    model.create("a");
  });
  assert.deepEqual(brief(changes), ["create a", "move a a~"]);
});

test("FILE-14 a renamed file and a new one at its old path are two documents", () => {
  const { changes, docAt } = plan(["a"], (model) => {
    model.modify("a");
    model.rename("a", "b");
    model.create("a");
  });
  assert.deepEqual(brief(changes), ["create a", "move a b"]);
  assert.equal(docAt.get("b"), "doc of a");
  assert.notEqual(docAt.get("a"), "doc of a");
});

test("FILE-16 a file renamed over another: the path that is left lives on", () => {
  const { changes, docAt } = plan(["a", "b"], (model) => model.rename("a", "b"));
  assert.deepEqual(brief(changes), ["modify b", "remove a"]);
  assert.equal(docAt.get("b"), "doc of b");
});

test("FILE-16 a chain of renames over one another leaves one document at each path", () => {
  const { changes, docAt } = plan(["a", "b", "c"], (model) => {
    model.rename("b", "c");
    model.rename("a", "b");
  });
  assert.equal(docAt.size, 2);
  assert.ok(!brief(changes).includes("remove c"), "the survivor at c is not deleted");
});

test("FILE-19 a swap is two moves, and three files in a ring are three", () => {
  assert.deepEqual(brief(plan(["a", "b"], (model) => model.swap("a", "b")).changes), ["move a b", "move b a"]);
  const ring = plan(["a", "b", "c"], (model) => {
    model.rename("a", "temporary");
    model.rename("b", "a");
    model.rename("c", "b");
    model.rename("temporary", "c");
  });
  assert.deepEqual(brief(ring.changes), ["move a c", "move b a", "move c b"]);
});

const DIRECTORY = { type: "inode/directory", stamp: "directory" };
const row = (path: string, inode: string, more: Partial<FileRow> = {}): FileRow => ({
  path,
  doc: `doc of ${path}` as EntryId,
  entry: `entry of ${path}` as EntryId,
  hash: "",
  type: "text/plain",
  mode: 0o644,
  file_id: inode,
  stamp: "0",
  ...more,
});
const at = (kind: Present["kind"], path: string, fileId: string): Present => ({
  kind,
  path,
  fileId,
  stamp: kind === "directory" ? "directory" : "0",
  size: 0,
  isExecutable: false,
  modifiedMs: 0,
});

test("FILE-33 a file and a folder are never one document: what was replaced goes first, what came is new", () => {
  const told = (changes: readonly LocalChange[]): string[] =>
    changes.map((change) =>
      change.kind === "create"
        ? `create ${change.at.path}`
        : `${change.kind} ${change.row.path}${change.kind === "remove" && change.isReplaced ? " replaced" : ""}`,
    );
  assert.deepEqual(told(planLocal([row("a", "1")], [at("directory", "a", "2")])), ["remove a replaced", "create a"]);
  assert.deepEqual(told(planLocal([row("a", "1", DIRECTORY)], [at("file", "a", "2")])), [
    "remove a replaced",
    "create a",
  ]);
  // A folder that is not empty is what is in it.
  assert.deepEqual(told(planLocal([row("a", "1")], [{ kind: "absent", path: "a" }, at("file", "a/b", "2")])), [
    "remove a replaced",
    "create a/b",
  ]);
  assert.deepEqual(told(planLocal([row("a/b", "1")], [{ kind: "absent", path: "a/b" }, at("file", "a", "2")])), [
    "remove a/b replaced",
    "create a",
  ]);
  // An empty folder gives way to the file that was moved there.
  assert.deepEqual(
    told(planLocal([row("a", "1", DIRECTORY), row("b", "2")], [at("file", "a", "2"), { kind: "absent", path: "b" }])),
    ["remove a replaced", "move b"],
  );
});

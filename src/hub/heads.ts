// Which entry is the head of a document or a name, and which appends may replace it: compare-and-set, decided purely.
//
// A storage loads the heads that a batch touches (`subjectsOf`), asks `judgeBatch`, and writes what comes back in the
// same transaction; so every storage decides alike. Nothing here knows of files: a document is an identity that carries
// a name, and a name is held by at most one live document of its collection.
//
// Entries are judged in order, each against the state its predecessors in the batch made. Whether a name is taken is
// judged only at the end, so that two documents can exchange their names in one batch. All conflicts are listed; an
// entry in conflict changes nothing for those after it.
//
// A document's entry names its base either outright (`base`: the head must be exactly that) or by its parents. By
// parents, a batch may bring a whole fork: versions made while the hub had moved on, and after them the entry that joins
// them to the head. What must hold is that the document has one newest entry when the batch ends.

import type { Entry, EntryId } from "../entries/index.ts";
import type { Conflict, Head } from "./protocol.ts";

declare const nameKeyBrand: unique symbol;
/** A collection and a name as one string. Neither holds NUL. */
export type NameKey = string & { readonly [nameKeyBrand]: true };

export function nameKey(collection: string, name: string): NameKey {
  return `${collection}\0${name}` as NameKey;
}

/** An entry that would be appended as `sequence`, with its place in the batch. */
export interface Candidate {
  readonly index: number;
  readonly entry: Entry;
  readonly sequence: number;
}

export interface HeadsBefore {
  readonly docs: ReadonlyMap<EntryId, Head>;
  /** Holders of names: live documents, and artifacts without document, also deleted ones. */
  readonly names: ReadonlyMap<NameKey, Head>;
}

export interface HeadChanges {
  readonly docs: readonly Head[];
  /** New holders. */
  readonly names: readonly Head[];
  /** Names that nobody holds any more. */
  readonly freed: readonly { readonly collection: string; readonly name: string }[];
}

export type Judgement =
  | { readonly verdict: "accepted"; readonly changes: HeadChanges }
  | { readonly verdict: "refused"; readonly conflicts: readonly Conflict[] };

/** What `judgeBatch` needs to see of the state before it. */
export function subjectsOf(candidates: readonly Candidate[]): {
  docs: Set<EntryId>;
  names: Map<NameKey, { collection: string; name: string }>;
} {
  const docs = new Set<EntryId>();
  const names = new Map<NameKey, { collection: string; name: string }>();
  for (const { entry } of candidates) {
    const { collection } = entry;
    if (entry.doc) docs.add(entry.doc);
    if (entry.kind !== "delete" || entry.doc === undefined) {
      names.set(nameKey(collection, entry.name), { collection, name: entry.name });
    }
    if (entry.from !== undefined && entry.doc === undefined) {
      names.set(nameKey(collection, entry.from), { collection, name: entry.from });
    }
  }
  return { docs, names };
}

export function judgeBatch(candidates: readonly Candidate[], before: HeadsBefore): Judgement {
  const heads = new Heads(before);
  for (const candidate of candidates) {
    if (candidate.entry.doc === undefined) heads.judgeArtifact(candidate);
    else heads.judgeDocument(candidate, candidate.entry.doc);
  }
  return heads.finish();
}

/** The state as the batch has made it so far, over the state before it. */
class Heads {
  private readonly before: HeadsBefore;
  private readonly conflicts: Conflict[] = [];
  private readonly docs = new Map<EntryId, Head>();
  /** Artifacts without document that the batch changed. */
  private readonly artifacts = new Map<NameKey, Head>();
  /** Of documents whose entries name their base by parents: the newest entries, none of them a parent of another. */
  private readonly tips = new Map<EntryId, Set<EntryId>>();
  /** The candidate at which a document got a second tip. */
  private readonly forks = new Map<EntryId, Candidate>();
  /** The candidate that gave a document its present name. */
  private readonly movers = new Map<EntryId, Candidate>();

  constructor(before: HeadsBefore) {
    this.before = before;
  }

  judgeArtifact(candidate: Candidate): void {
    const { entry } = candidate;
    const { collection } = entry;
    const old = nameKey(collection, entry.from ?? entry.name);
    const holder = this.artifact(old);
    const live = holder === undefined || holder.deleted ? null : holder;
    if (entry.base !== undefined && entry.base !== (live?.entry ?? null)) {
      this.refuse(candidate, "STALE_BASE", live);
      return;
    }
    const target = nameKey(collection, entry.name);
    const occupied = old === target || entry.base === undefined ? undefined : this.artifact(target);
    const current = this.liveDocumentBefore(target) ?? (occupied?.deleted === false ? occupied : undefined);
    if (current !== undefined) {
      this.refuse(candidate, "PATH_TAKEN", current);
      return;
    }
    if (old !== target && holder !== undefined) {
      this.artifacts.set(old, { ...headOf(candidate, null), name: holder.name, deleted: true });
    }
    this.artifacts.set(target, headOf(candidate, null));
  }

  judgeDocument(candidate: Candidate, doc: EntryId | null): void {
    const { entry } = candidate;
    if (doc === null) {
      const isFirst = entry.kind === "put" && (entry.base === null || entry.base === undefined);
      if (isFirst) this.move(candidate, entry.id);
      else this.refuse(candidate, "STALE_BASE", null);
      return;
    }
    const head = this.docs.get(doc) ?? this.before.docs.get(doc);
    const isStale =
      head === undefined ||
      head.collection !== entry.collection ||
      (entry.base !== undefined && entry.base !== head.entry);
    if (isStale) {
      this.refuse(candidate, "STALE_BASE", head ?? null);
      return;
    }
    if (entry.base === undefined && !this.joins(candidate, doc, head)) return;
    // A delete speaks of the document, whatever the name it was known by.
    if (entry.kind === "delete") this.docs.set(doc, { ...headOf(candidate, doc), name: head.name });
    else if (head.deleted || head.name !== entry.name) this.move(candidate, doc);
    else this.docs.set(doc, headOf(candidate, doc));
  }

  /** Takes the entry into the document's tips; true when it is the only one then, and so the head. */
  private joins(candidate: Candidate, doc: EntryId, head: Head): boolean {
    const tips = this.tips.get(doc) ?? new Set([head.entry]);
    for (const parent of candidate.entry.parents) tips.delete(parent);
    tips.add(candidate.entry.id);
    this.tips.set(doc, tips);
    if (tips.size === 1) {
      this.forks.delete(doc);
      return true;
    }
    if (!this.forks.has(doc)) this.forks.set(doc, candidate);
    return false;
  }

  finish(): Judgement {
    for (const [doc, candidate] of this.forks) {
      this.refuse(candidate, "STALE_BASE", this.before.docs.get(doc) ?? this.docs.get(doc) ?? null);
    }
    const holders = this.holders();
    if (this.conflicts.length > 0) {
      return { verdict: "refused", conflicts: this.conflicts.toSorted((a, b) => a.index - b.index) };
    }
    const freed: { collection: string; name: string }[] = [];
    for (const doc of this.docs.keys()) {
      const was = this.before.docs.get(doc);
      if (was === undefined || was.deleted) continue;
      const key = nameKey(was.collection, was.name);
      if (!holders.has(key) && !this.artifacts.has(key)) freed.push({ collection: was.collection, name: was.name });
    }
    const names = [...this.artifacts].filter(([key]) => !holders.has(key)).map(([, head]) => head);
    return {
      verdict: "accepted",
      changes: { docs: [...this.docs.values()], names: [...names, ...holders.values()], freed },
    };
  }

  /** The changed live documents by the names they hold at the end; refuses those whose name another one holds. */
  private holders(): Map<NameKey, Head> {
    const holders = new Map<NameKey, Head>();
    // Those that kept their name hold it before those that moved, whatever their order in the batch.
    const live = [...this.docs].filter(([, head]) => !head.deleted);
    const byClaim = live.toSorted(([a], [b]) => (this.movers.get(a)?.index ?? -1) - (this.movers.get(b)?.index ?? -1));
    for (const [doc, head] of byClaim) {
      const key = nameKey(head.collection, head.name);
      const mover = this.movers.get(doc);
      const holder = holders.get(key) ?? this.holderOutside(key, doc);
      if (holder === undefined || mover === undefined) holders.set(key, head);
      else this.refuse(mover, "PATH_TAKEN", holder);
    }
    return holders;
  }

  /** A live holder of `key` that is no document of this batch. */
  private holderOutside(key: NameKey, doc: EntryId): Head | undefined {
    const artifact = this.artifacts.get(key);
    if (artifact !== undefined && !artifact.deleted) return { ...artifact, sequence: 0 };
    const holder = artifact ?? this.before.names.get(key);
    if (holder === undefined || holder.deleted || holder.doc === doc) return undefined;
    return holder.doc !== null && this.docs.has(holder.doc) ? undefined : holder;
  }

  private artifact(key: NameKey): Head | undefined {
    const changed = this.artifacts.get(key);
    if (changed !== undefined) return changed;
    const holder = this.before.names.get(key);
    return holder?.doc === null ? holder : undefined;
  }

  private liveDocumentBefore(key: NameKey): Head | undefined {
    const holder = this.before.names.get(key);
    if (holder === undefined || holder.doc === null) return undefined;
    const now = this.docs.get(holder.doc) ?? holder;
    return now.deleted || nameKey(now.collection, now.name) !== key ? undefined : now;
  }

  private move(candidate: Candidate, doc: EntryId): void {
    this.docs.set(doc, headOf(candidate, doc));
    this.movers.set(doc, candidate);
  }

  private refuse(candidate: Candidate, reason: Conflict["reason"], current: Head | null): void {
    const isOfThisBatch =
      current !== null && (this.docs.get(current.doc ?? current.entry) === current || this.isNew(current));
    const shown = isOfThisBatch ? { ...current, sequence: 0 } : current;
    this.conflicts.push({ index: candidate.index, id: candidate.entry.id, reason, current: shown });
  }

  private isNew(head: Head): boolean {
    return this.artifacts.get(nameKey(head.collection, head.name)) === head;
  }
}

function headOf({ entry, sequence }: Candidate, doc: EntryId | null): Head {
  const { collection, name, kind, id } = entry;
  return { doc, entry: id, sequence, collection, name, deleted: kind === "delete" };
}

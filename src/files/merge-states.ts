// Both sides changed a document: what it should be now. A pure function, field by field, from the version that both
// started from. No clock decides anything: who came first at the hub is "theirs" on every machine alike.

import type { Entry } from "../entries/index.ts";

/** What a version says of its document. */
export interface DocState {
  readonly path: string;
  /** Null: deleted. */
  readonly content: { readonly hash: string; readonly size: number; readonly type: string } | null;
  readonly isExecutable: boolean;
}

export type Merged =
  /** `content` says whose bytes; `both`: they have to be merged, or kept side by side. */
  | {
      readonly kind: "live";
      readonly path: string;
      readonly isExecutable: boolean;
      readonly content: "ours" | "theirs" | "both";
    }
  | { readonly kind: "deleted" };

export function stateOf(entry: Entry): DocState {
  return { path: entry.name, content: entry.content, isExecutable: entry.mode === 0o755 };
}

/** `base` is null for two documents that never had a common version. */
export function mergeStates(base: DocState | null, ours: DocState, theirs: DocState): Merged {
  if (ours.content === null && theirs.content === null) return { kind: "deleted" };
  const oursChanged = base === null || !sameState(base, ours);
  const theirsChanged = base === null || !sameState(base, theirs);
  // Delete against edit: the edit stays; delete against nothing: the delete stays.
  if (ours.content === null) {
    return theirsChanged ? live(theirs.path, theirs.isExecutable, "theirs") : { kind: "deleted" };
  }
  if (theirs.content === null) {
    return oursChanged ? live(ours.path, ours.isExecutable, "ours") : { kind: "deleted" };
  }
  const path = pick(base?.path, ours.path, theirs.path);
  const isExecutable = pick(base?.isExecutable, ours.isExecutable, theirs.isExecutable);
  return live(path, isExecutable, pickContent(base, ours.content, theirs.content));
}

function pickContent(
  base: DocState | null,
  ours: NonNullable<DocState["content"]>,
  theirs: NonNullable<DocState["content"]>,
): "ours" | "theirs" | "both" {
  if (sameContent(ours, theirs)) return "theirs";
  if (base !== null && sameContent(base.content, ours)) return "theirs";
  if (base !== null && sameContent(base.content, theirs)) return "ours";
  return "both";
}

/** The side that changed; theirs where both did. */
function pick<T>(base: T | undefined, ours: T, theirs: T): T {
  return theirs === base ? ours : theirs;
}

function live(path: string, isExecutable: boolean, content: "ours" | "theirs" | "both"): Merged {
  return { kind: "live", path, isExecutable, content };
}

export function sameContent(a: DocState["content"], b: DocState["content"]): boolean {
  return a === null || b === null ? a === b : a.hash === b.hash && isSpecial(a.type) === isSpecial(b.type);
}

export function sameState(a: DocState, b: DocState): boolean {
  return a.path === b.path && a.isExecutable === b.isExecutable && sameContent(a.content, b.content);
}

/** A media type is a guess from a name; only what the folder shows as something else than a file is another content. */
function isSpecial(type: string): string {
  return type.startsWith("inode/") ? type : "";
}

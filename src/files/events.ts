// What a folder's sync tells whoever watches it: outcomes of the pull reconciler, conflicts, and notices for people.

import type { ErrorCode } from "../errors.ts";

export type Outcome =
  | "created"
  | "updated"
  | "unchanged"
  | "attached"
  | "merged"
  | "conflicted"
  | "skippedDirty"
  | "deferred"
  | "removed";

export type FolderEvent =
  | { readonly kind: "outcome"; readonly outcome: Outcome; readonly path: string }
  | { readonly kind: "conflict"; readonly path: string; readonly copy: string }
  | { readonly kind: "notice"; readonly message: string }
  /** The hub cannot be followed any more, for another reason than before; or again. */
  | { readonly kind: "hub"; readonly state: "lost"; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: "hub"; readonly state: "back" }
  | {
      readonly kind: "progress";
      readonly phase: Phase;
      /** Files, or entries, so far. */
      readonly files: number;
      readonly totalFiles?: number;
      /** Of their contents, so far. */
      readonly bytes: number;
    };

export type Phase = "scan" | "pull" | "push";

export type OnFolderEvent = (event: FolderEvent) => void;

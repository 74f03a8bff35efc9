// What may keep a put from replacing the newest version. Asked under the collection's lock, where the answer holds.

import type { EntryId } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { ownerOf } from "./catalog.ts";
import type { VersionRecord } from "./version-record.ts";

export function refuseOtherOwner(newest: VersionRecord, owner: string | null): void {
  const theirs = ownerOf(newest.entry);
  if (theirs === null || theirs === owner) return;
  throw new HoldfastError(
    "NOT_OWNER",
    `${newest.entry.name} belongs to ${theirs}${owner === null ? "" : `, not to ${owner}`}`,
    {
      hint: "Use another name, or say that you mean to overwrite it (`--force`).",
      details: { owner: theirs },
    },
  );
}

export function refuseStaleBase(newest: VersionRecord | undefined, base: EntryId | null): void {
  const current = newest?.entry.id ?? null;
  if (current === base) return;
  throw new HoldfastError("STALE_BASE", `the newest version is ${current ?? "none"}, not ${base ?? "none"}`, {
    hint: "Read the newest version, apply your change to it, and put again.",
    details: { current },
  });
}

// What a caller of the structural lock stands under already: locks of the store that its own async context holds, and holds
// that others have passed on to it.

import { dirname } from "node:path";
import { HoldfastError } from "../errors.ts";
import { heldHere } from "./held-lock.ts";
import { notCovered, PassedHolds, within } from "./passed-hold.ts";
import { scopeIsCollection } from "./scopes.ts";

export interface Standing {
  /** The text that was given, if any. */
  readonly hold: string | undefined;
  /** The caller does structural work itself, and has not passed its hold on to this call. */
  readonly isAlone: boolean;
  /** The collections' locks whose holds were passed on; no others may then be taken, or two could wait for each other. */
  readonly collections: ReadonlySet<string>;
  /** The structural lock that concerns the caller, by its directory; undefined under a collection's hold, where none does. */
  readonly above: string | undefined;
  /** True when a hold of the lock at `path` was passed on. */
  isUnder(path: string): boolean;
  /** Throws `LOCK_LOST` once structural work that the caller is part of holds its lock no more. */
  assertHeld(): void;
}

/** Throws `LOCK_REENTERED` inside a writer that has not passed its hold on, `LOCK_NOT_PASSED` and `LOCK_LOST` for a bad hold. */
export function standingOf(call: string, locksDir: string, structural: string, hold: string | undefined): Standing {
  const passed = hold === undefined ? undefined : new PassedHolds(hold);
  const roots = (passed?.roots ?? []).filter((root) => dirname(root) === locksDir);
  if (passed !== undefined && roots.length === 0) throw notCovered(`the store of ${locksDir}`, passed.roots);
  const claims = new Map(roots.map((root) => [root, passed?.claim(root)]));
  const here = heldHere().filter((lock) => dirname(lock.path) === locksDir);
  const isPassed = (lock: { readonly dir: string }): boolean => passed?.includes(lock.dir) === true;
  if (here.some((lock) => scopeIsCollection(lock.path) && !isPassed(lock))) throw reentered(call, locksDir);
  const alone = here.filter((lock) => lock.path === structural);
  const claim = claims.get(structural);
  const dirs = [...alone.map((lock) => lock.dir), ...(claim === undefined ? [] : [claim.dir])];
  const deepest = dirs.sort((a, b) => b.length - a.length)[0];
  const collections = new Set(roots.filter(scopeIsCollection));
  return {
    hold,
    isAlone: alone.some((lock) => !isPassed(lock)),
    collections,
    above: collections.size > 0 ? undefined : deepest === undefined ? structural : within(deepest),
    isUnder: (path) => claims.has(path),
    assertHeld: () => {
      claim?.assertHeld();
      for (const lock of alone) lock.assertHeld();
    },
  };
}

export function reentered(call: string, locksDir: string): HoldfastError {
  return new HoldfastError("LOCK_REENTERED", `${call} was called inside work that holds locks of ${locksDir}`, {
    hint: "Name all collections in one call, or pass the hold on; whole-store work starts outside of any other work on the store.",
    details: { path: locksDir },
  });
}

// The finished record that a hold links, and its use for the next hold.
//
// Who takes a lock that it gave back a moment ago says the same again: the record is the same but for `sinceMs`. So it links
// its own `7.<token>.released` as 8, in place of writing a new file, and renames that name to `8.<token>.released` when it
// gives 8 back: no file is made and none is freed. Nothing else about the protocol changes:
//   - Only this process makes or renames names with its token, so what is linked is its own record.
//   - The name is the mark of 7. While 8 is the highest, it means nothing; should others take 9, they sweep it, and the
//     rename of a late release fails, as if it had been `8.<token>.ready`.
//   - Where 8 was taken by somebody else meanwhile, the link fails or the look after it shows a higher generation, as after
//     any listing that is stale: to remember that 7 was given back is to have a listing from then.
// A record is used again for a tenth of a second: `sinceMs` is what people are told, and may be so much too early. The wall
// clock decides no more than that.

import { prepare, uniqueToken } from "./generations.ts";
import type { LockRecord } from "./owner.ts";

/** How much too early `sinceMs` may be, in milliseconds. */
const MOST_TOO_EARLY_MS = 100;
/** Of so many locks the last mark is remembered; of others a new record is written. */
const MOST_REMEMBERED = 64;

export interface FinishedRecord {
  readonly record: LockRecord;
  /** In its name, and in nobody else's. */
  readonly token: string;
  /** Its name now, which is not a generation's. */
  readonly file: string;
}

/** The last hold of a lock: its generation, and the record that marks it as given back. */
export interface LastHold {
  readonly generation: number;
  readonly finished: FinishedRecord;
}

export function finish(dir: string, generation: number, record: LockRecord): FinishedRecord {
  const token = uniqueToken();
  return { record, token, file: prepare(dir, generation, record, token) };
}

const lastHolds = new Map<string, LastHold>();

/** Remembers that this process gave `generation` back. */
export function remember(dir: string, generation: number, finished: FinishedRecord): void {
  if (lastHolds.size >= MOST_REMEMBERED) {
    const [oldest] = lastHolds.keys();
    if (oldest !== undefined) lastHolds.delete(oldest);
  }
  lastHolds.set(dir, { generation, finished });
}

/** The last hold of the lock in `dir`, if its record says what `wanted` says, and forgets it: a record serves one hold at a time. */
export function recall(dir: string, wanted: LockRecord): LastHold | undefined {
  const last = lastHolds.get(dir);
  if (last === undefined) return undefined;
  lastHolds.delete(dir);
  return saysTheSame(last.finished.record, wanted) ? last : undefined;
}

function saysTheSame(before: LockRecord, now: LockRecord): boolean {
  const ageMs = now.sinceMs - before.sinceMs; // below 0 when the clock was set back
  return (
    ageMs >= 0 &&
    ageMs <= MOST_TOO_EARLY_MS &&
    before.pid === now.pid &&
    before.startTime === now.startTime &&
    before.bootId === now.bootId &&
    before.hostId === now.hostId &&
    before.scope === now.scope &&
    before.holder === now.holder &&
    before.leaseMs === now.leaseMs
  );
}

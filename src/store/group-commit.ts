// Saves of one process that come together go together: one lock, one flush, one transaction for all of them.
//
// Whoever comes first leads: waits for the lock, and takes along all who have come by then. Whoever comes while they are
// written forms the next group, which waits for the lock when this one is done. Each is refused for itself, and each waits no
// longer than it said, and only until its own signal fires: then it leaves the group, or goes on ahead of it.

import { SerialByKey, type WaitReport } from "../coordination/index.ts";
import { assert } from "../errors.ts";
import type { LockWait } from "./drafts.ts";
import { LOCK_TIMEOUT_MS } from "./lock-wait.ts";

/** In one group at the most; who comes after that is of the next. */
const MOST_TOGETHER = 128;
/** The longest that a timer can run. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/** Takes the lock of `key`, waiting as `wait` says; then writes what `take` gives, asked once, and returns what became of each,
 *  in order. What it throws is told to whoever leads, or once all are taken, to all. */
export type WriteTogether<I, R> = (key: string, wait: LockWait, take: () => readonly I[]) => Promise<Outcome<R>[]>;

export type Outcome<R> = { readonly value: R } | { readonly error: unknown };

export class GroupCommit<I, R> {
  private readonly write: WriteTogether<I, R>;
  private readonly gathering = new Map<string, Member<I, R>[]>();
  private readonly lanes = new SerialByKey<string>();

  constructor(write: WriteTogether<I, R>) {
    this.write = write;
  }

  /** Settles as `item` is written or refused. Throws what its own wait ends with. */
  run(key: string, item: I, wait: LockWait): Promise<R> {
    // Out of time, it asks for the lock itself, once: that tells who holds it.
    const member = new Member<I, R>(item, wait, async () => {
      const [outcome] = await this.write(key, { ...wait, lockTimeoutMs: 0 }, () => [item]);
      return outcome;
    });
    // Too late to come along: asking for the lock says so.
    if (wait.signal?.aborted === true) {
      void member.goOnAlone();
      return member.settled;
    }
    const group = this.gathering.get(key);
    if (group !== undefined && group.length < MOST_TOGETHER) {
      group.push(member);
    } else {
      const own = [member];
      this.gathering.set(key, own);
      void this.lanes.run(key, () => this.commit(key, own));
    }
    return member.settled;
  }

  private async commit(key: string, group: readonly Member<I, R>[]): Promise<void> {
    // Whoever leads leaves the group, so this ends.
    for (;;) {
      const leader = group.find((member) => member.isWaiting);
      if (leader === undefined) break;
      leader.lead();
      const taken: Member<I, R>[] = [];
      const take = (): readonly I[] => {
        this.close(key, group);
        taken.push(...group.filter((member) => member.take()));
        return taken.map(({ item }) => item);
      };
      const onWait: LockWait["onWait"] = (report) => {
        for (const member of group) member.tell(report);
      };
      try {
        const outcomes = await this.write(key, { ...leader.waitLeft(), onWait }, take);
        for (const [at, member] of taken.entries()) member.settle(outcomes[at]);
      } catch (error) {
        for (const member of taken.length > 0 ? taken : [leader]) member.settle({ error });
      }
    }
    this.close(key, group);
  }

  /** Whoever comes from now on is of the next group. */
  private close(key: string, group: readonly Member<I, R>[]): void {
    if (this.gathering.get(key) === group) this.gathering.delete(key);
  }
}

type State = "waiting" | "leading" | "on its own" | "taken" | "settled";

/** One save in a group. */
class Member<I, R> {
  readonly item: I;
  readonly wait: LockWait;
  private readonly sinceMs = performance.now();
  private readonly alone: () => Promise<Outcome<R> | undefined>;
  private readonly result = Promise.withResolvers<R>();
  private state: State = "waiting";
  private readonly timer: NodeJS.Timeout;
  private readonly leave = (): void => void this.goOnAlone();

  /** `alone` is what it does when its own wait is over and it was not yet taken. */
  constructor(item: I, wait: LockWait, alone: () => Promise<Outcome<R> | undefined>) {
    this.item = item;
    this.wait = wait;
    this.alone = alone;
    this.timer = setTimeout(this.leave, Math.min(this.timeoutMs, MOST_TIMER_MS));
    wait.signal?.addEventListener("abort", this.leave);
  }

  get settled(): Promise<R> {
    return this.result.promise;
  }

  get isWaiting(): boolean {
    return this.state === "waiting";
  }

  /** Not taken yet. */
  get isInLine(): boolean {
    return this.state === "waiting" || this.state === "leading";
  }

  /** From here on the wait for the lock is its own, and ends by itself. */
  lead(): void {
    this.state = "leading";
    this.unwatch();
  }

  take(): boolean {
    if (!this.isInLine) return false;
    this.state = "taken";
    this.unwatch();
    return true;
  }

  settle(outcome: Outcome<R> | undefined): void {
    assert(outcome !== undefined, "each that was taken is told what became of it");
    this.state = "settled";
    this.unwatch();
    if ("value" in outcome) this.result.resolve(outcome.value);
    else this.result.reject(outcome.error);
  }

  /** Who cannot be told is refused; the others wait on. */
  tell(report: WaitReport): void {
    if (!this.isInLine) return;
    try {
      this.wait.onWait?.(report);
    } catch (error) {
      this.settle({ error });
    }
  }

  /** What is left of its wait. */
  waitLeft(): LockWait {
    return { ...this.wait, lockTimeoutMs: Math.max(0, this.timeoutMs - (performance.now() - this.sinceMs)) };
  }

  private get timeoutMs(): number {
    return this.wait.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  }

  /** Stops waiting for the others, unless it was taken or leads. */
  async goOnAlone(): Promise<void> {
    if (!this.isWaiting) return;
    this.state = "on its own";
    this.unwatch();
    try {
      this.settle(await this.alone());
    } catch (error) {
      this.settle({ error });
    }
  }

  private unwatch(): void {
    clearTimeout(this.timer);
    this.wait.signal?.removeEventListener("abort", this.leave);
  }
}

// What a run says about others: where two of its events could have come the other way round.

import { meet, READ } from "../footprint.ts";
import { type Causality, couldNotWait, dependent, type Happened } from "./causality.ts";
import { type Cancelled, type Item, WAITED_FOR } from "./system.ts";

/** What a timer touches at the least. */
const WAITS = [WAITED_FOR * 4 + READ];

/** A point of the path where something was chosen. */
export interface Chosen {
  /** What was tried here, or came here asleep: any run that begins so again is equivalent to one that was made. */
  readonly sleep: readonly Happened[];
  readonly chosen: Happened;
}

/** To reverse a race, one of `first` is to be tried at this position, best `wanted`, the later event itself. */
export interface Reversal {
  readonly position: number;
  readonly first: readonly number[];
  readonly wanted: number;
}

interface Run {
  readonly events: readonly Happened[];
  readonly points: readonly Chosen[];
  /** Is told of the events. */
  readonly causality: Causality;
}

interface Bounds {
  /** The events before are those of the run before. */
  readonly from: number;
  /** The choices before belong to somebody else. */
  readonly base: number;
  readonly cancelled: readonly Cancelled[];
}

/** All reversals that the events of a run from `from` on call for. */
export function* reversalsOf(run: Run, { from, base, cancelled }: Bounds): Generator<Reversal> {
  const { events, causality } = run;
  for (let position = from; position < events.length; position++) {
    const { item } = events[position] as Happened;
    const direct = causality.enter(events, position);
    if (position < base - 1) continue;
    for (const before of direct) {
      for (const earlier of placesBefore(run, before, item)) yield reversal(run, earlier, position);
    }
    if (item.dueMs !== undefined) yield* forTimer(run, position, direct);
    yield* forSleepers(run, position);
  }
  for (const one of cancelled) yield* forCancelled(run, one);
}

/** It comes before what took it away. */
function* forCancelled(run: Run, { item, byEvent }: Cancelled): Generator<Reversal> {
  for (const position of placesBefore(run, byEvent, item)) {
    if (item.bornAt > position) {
      // It came too late: what brought it about comes first.
      yield reversal(run, position, item.bornAt);
      continue;
    }
    // What it would have touched is not known: it may have come before all that followed, or after any of that.
    const others = instead(run, position, run.events.length);
    yield { position, first: [item.id], wanted: item.id };
    if (others.length > 0) yield { position, first: others, wanted: item.id };
  }
  if (item.dueMs !== undefined) yield* forCancelledTimer(run, item, byEvent);
}

/**
 * A timer that was taken away, put before what takes it away only by way of others: of its own process (another timer, due
 * before it), or of any that changes who is waited for. As `forTimer`, but what it would have touched is known in part only.
 */
function* forCancelledTimer(run: Run, timer: Item, byEvent: number): Generator<Reversal> {
  for (let earlier = 0; earlier < byEvent; earlier++) {
    const { item, touched } = run.events[earlier] as Happened;
    if (item.process !== timer.process && !meet(touched, WAITS)) continue;
    for (const position of placesBefore(run, earlier, timer)) {
      yield { position, first: firstBeforeTimer(run, position, timer), wanted: timer.id };
    }
  }
}

/** Ids that can begin a run in which the timer comes before the event at this position: of what it has to wait for. */
function firstBeforeTimer({ events, causality }: Run, position: number, timer: Item): number[] {
  const without = [...events.keys()].filter((at) => at > position && !causality.isBefore(position, at));
  const awaited = without.filter((at) => {
    const { item } = events[at] as Happened;
    if (at === timer.bornAt || couldNotWait(item, timer)) return true;
    const isDueBefore = item.standing === true || (item.dueMs ?? Number.POSITIVE_INFINITY) <= (timer.dueMs as number);
    return item.process === timer.process && isDueBefore;
  });
  const kept = without.filter((at) => awaited.some((one) => one === at || causality.isBefore(at, one)));
  const first = kept.filter((at) => !kept.some((one) => causality.isBefore(one, at)));
  return first.length === 0 ? [timer.id] : first.map((at) => (events[at] as Happened).item.id);
}

/**
 * Where an item may be put to come before this event. A process that stands in calls does nothing else until it is through:
 * what else is of that process comes before all of them, at the event with which its code began to run.
 */
function* placesBefore(run: Run, position: number, item: Item): Generator<number> {
  let at = position;
  for (let event = run.events[at]; event !== undefined; event = run.events[at]) {
    if (needs(run, item, at)) return;
    const isStanding = event.item.standing === true && event.item.process === item.process;
    if (!isStanding || item.interrupts === true) yield at;
    if (!isStanding) return;
    at = event.item.bornAt;
  }
}

/** Whether an item is there only because of this event. */
function needs({ causality }: Run, { bornAt }: Item, position: number): boolean {
  return bornAt === position || causality.isBefore(position, bornAt);
}

function reversal(run: Run, earlier: number, later: number): Reversal {
  const { item } = run.events[later] as Happened;
  return { position: earlier, first: instead(run, earlier, later), wanted: item.id };
}

/**
 * A timer comes after what could not wait for it. Where that was brought about by an event that the timer need not wait
 * for, there is a race with that event, though others are between: without it they are not there.
 */
function* forTimer(run: Run, position: number, direct: readonly number[]): Generator<Reversal> {
  const { events } = run;
  const event = events[position] as Happened;
  for (let earlier = 0; earlier < position; earlier++) {
    if (direct.includes(earlier) || !dependent(events[earlier] as Happened, event)) continue;
    for (const place of placesBefore(run, earlier, event.item)) yield reversal(run, place, position);
  }
}

/**
 * What is asleep where an event was chosen that takes it away or wakes it was tried elsewhere, but not after a later event
 * that would have woken it: that one is to come first. Its own race with the chosen event does not always show that. What
 * may be left out need not happen; and what does happen may touch less after the chosen event than without it. (Asleep is
 * the renaming of a file, awake a `mkdir` of the new name: after that the renaming fails, and meets no later look at the old
 * name any more. Yet that look may come first, and then the renaming, which succeeds.)
 */
function* forSleepers(run: Run, position: number): Generator<Reversal> {
  const event = run.events[position] as Happened;
  for (let earlier = 0; earlier < position; earlier++) {
    const { sleep, chosen } = run.points[earlier] as Chosen;
    const woken = sleep.some((one) => dependent(one, chosen) && dependent(one, event));
    if (woken && !run.causality.isBefore(earlier, position)) yield reversal(run, earlier, position);
  }
}

/**
 * Ids that can begin a run in which the event at `earlier` comes after the one at `later`: of the events between that
 * do not need the earlier one, and the later one itself, those that need none of the others.
 */
function instead({ events, causality }: Run, earlier: number, later: number): number[] {
  const kept: number[] = [];
  const first: number[] = [];
  for (let at = earlier + 1; at <= later && at < events.length; at++) {
    if (at !== later && causality.isBefore(earlier, at)) continue;
    if (!kept.some((one) => causality.isBefore(one, at))) first.push((events[at] as Happened).item.id);
    kept.push(at);
  }
  return first;
}

/** Runs with it and runs without it are not each other's reordering: no race between events leads from one to the other. */
export function mayBeLeftOut(item: Item): boolean {
  return item.fault || item.optional === true;
}

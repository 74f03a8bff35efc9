// Who leads what, as the segments are at the moment, and what follows from it for us.

import type { Author } from "../entries/index.ts";
import { type PlaceRange, rangeOf } from "./entry-index.ts";
import { Leaders, staysWith } from "./leaders.ts";
import { type Point, spaced } from "./ring.ts";
import { covers, type Segment } from "./segments.ts";

export interface LeaderTableParts {
  readonly self: Author;
  readonly replicas: number;
  /** Our own segments, and those of the others. */
  readonly own: (which: "all" | "mature") => readonly Segment[];
  readonly others: (which: "all" | "mature") => readonly Segment[];
}

export class LeaderTable {
  private readonly parts: LeaderTableParts;
  private now: Leaders | undefined;
  private toBe: Leaders | undefined;
  private young: Leaders | undefined;
  private settled: boolean | undefined;
  private ranges: readonly PlaceRange[] = [];
  private changes = 0;

  constructor(parts: LeaderTableParts) {
    this.parts = parts;
  }

  /** What we have to hold. */
  get wanted(): readonly PlaceRange[] {
    return this.ranges;
  }

  /** How often that has changed. */
  get wishes(): number {
    return this.changes;
  }

  /** Segments have changed, or come of age. */
  invalidate(): void {
    this.now = undefined;
    this.toBe = undefined;
    this.young = undefined;
    this.settled = undefined;
  }

  /** Nobody stops leading anything when the segments that are too young to count come to count. Who sees them count already, as
   *  a moment before we do, may have let go of that. */
  get isSettled(): boolean {
    this.settled ??= staysWith(this.leaders("now"), this.leaders("with the young"));
    return this.settled;
  }

  /** True when we have to hold something else than when this was asked last. */
  renew(): boolean {
    const wanted = this.leaders("to be")
      .ledBy(this.parts.self)
      .map(({ from, to }) => rangeOf(from, to));
    if (JSON.stringify(wanted) === JSON.stringify(this.ranges)) return false;
    this.ranges = wanted;
    this.changes += 1;
    return true;
  }

  /** Who leads what has this coordinate, as far as their segments count for everybody. */
  of(coordinate: Point): ReadonlySet<Author> {
    return this.leaders("now").of(coordinate);
  }

  /** As if our young segments counted: they are to be full before they do. */
  isWanted(coordinate: Point): boolean {
    return this.leaders("to be").of(coordinate).has(this.parts.self);
  }

  /** `peer` says itself, by its segments, that it holds this. */
  covers(peer: Author, coordinate: Point): boolean {
    const points = spaced(coordinate, this.parts.replicas);
    return this.parts
      .others("all")
      .some((segment) => segment.owner === peer && points.some((point) => covers(segment, point)));
  }

  /** All that want it: its leaders, and those whose segments are too young to count. */
  receivers(coordinate: Point): Set<Author> {
    return new Set([...this.of(coordinate), ...this.leaders("with the young").of(coordinate)]);
  }

  private leaders(when: "now" | "to be" | "with the young"): Leaders {
    const { own, others, replicas } = this.parts;
    if (when === "with the young") {
      this.young ??= new Leaders([...own("all"), ...others("all")], replicas);
      return this.young;
    }
    if (when === "now") {
      this.now ??= new Leaders([...own("mature"), ...others("mature")], replicas);
      return this.now;
    }
    this.toBe ??= new Leaders([...own("all"), ...others("mature")], replicas);
    return this.toBe;
  }
}

// Our own segments, and how the others are told of them.

import { randomBytes } from "node:crypto";
import type { Author } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Message } from "./messages.ts";
import { LAST_POINT, type Point } from "./ring.ts";
import { checkSegments, MAX_SEGMENTS, type Segment, spanOf } from "./segments.ts";
import type { Time } from "./time.ts";

interface OwnSegment extends Segment {
  /** When it began, by our time. */
  readonly sinceMs: number;
}

export interface OwnSegmentsParts {
  readonly self: Author;
  readonly topic: string;
  readonly time: Time;
  readonly session: () => number;
  readonly roleAgeMs: number;
  /** To everybody who takes part. */
  readonly tellAll: (message: Message) => void;
  readonly onChange: () => void;
}

export class OwnSegments {
  private readonly parts: OwnSegmentsParts;
  private segments: OwnSegment[] = [];
  private announced = 0;
  private callOff: (() => void) | undefined;

  constructor(parts: OwnSegmentsParts) {
    this.parts = parts;
  }

  close(): void {
    this.callOff?.();
  }

  /** The number of the newest announcement. */
  get n(): number {
    return this.announced;
  }

  /** Those that others count, or all. */
  all(which: "all" | "mature"): readonly Segment[] {
    return which === "all"
      ? this.segments
      : this.segments.filter((segment) => this.ageOf(segment) >= this.parts.roleAgeMs);
  }

  /** `share` of the ring from `start`; of an `id` that is ours already, its new place. Throws `BAD_OPTION`. */
  set(start: Point, share: number, id = randomBytes(16).toString("hex")): Segment {
    if (!(share > 0 && share <= 1)) {
      throw new HoldfastError("BAD_OPTION", `${share} is no share of the ring`, {
        hint: "Say a number above 0, and 1 at the most.",
      });
    }
    if (this.segments.length >= MAX_SEGMENTS) {
      throw new HoldfastError("BAD_OPTION", `one peer has ${MAX_SEGMENTS} segments at the most`, {
        hint: "Remove one first.",
      });
    }
    const span = share === 1 ? LAST_POINT : spanOf(share);
    const known = this.segments.find((segment) => segment.id === id);
    const sinceMs = known?.sinceMs ?? this.parts.time.nowMs();
    const segment: OwnSegment = { id, owner: this.parts.self, start, span, sinceMs };
    checkSegments([segment], this.parts.self);
    this.segments = [...this.segments.filter((other) => other.id !== id), segment];
    this.tell("added", [segment]);
    return segment;
  }

  remove(ids: readonly string[]): void {
    const gone = this.segments.filter(({ id }) => ids.includes(id));
    if (gone.length === 0) return;
    this.segments = this.segments.filter(({ id }) => !ids.includes(id));
    this.tell("stopped", gone);
  }

  /** All that we hold, for a peer that asks, or has just come. */
  full(): Message {
    return this.announcement("full", this.segments);
  }

  private tell(kind: "added" | "stopped", segments: readonly OwnSegment[]): void {
    this.announced += 1;
    this.parts.tellAll(this.announcement(kind, segments));
    this.parts.onChange();
    this.setAlarm();
  }

  /** Ours count when they are old enough; that changes who leads what. A timer may go off a moment too early. */
  private setAlarm(): void {
    this.callOff?.();
    this.callOff = undefined;
    const { time, roleAgeMs, onChange } = this.parts;
    const left = this.segments.map((segment) => roleAgeMs - this.ageOf(segment)).filter((ms) => ms > 0);
    if (left.length === 0) return;
    this.callOff = time.after(Math.max(1, Math.min(...left)), () => {
      this.setAlarm();
      onChange();
    });
  }

  private announcement(kind: "full" | "added" | "stopped", segments: readonly OwnSegment[]): Message {
    return {
      t: "announce",
      topic: this.parts.topic,
      session: this.parts.session(),
      n: this.announced,
      kind,
      segments: segments.map((segment) => ({
        id: segment.id,
        owner: segment.owner,
        start: segment.start,
        span: segment.span,
        ageMs: Math.floor(this.ageOf(segment)),
      })),
    };
  }

  private ageOf({ sinceMs }: OwnSegment): number {
    return this.parts.time.nowMs() - sinceMs;
  }
}

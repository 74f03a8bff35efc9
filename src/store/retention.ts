// How long versions stay. What is said of it are tags, so that it travels with the artifact; the newest version's count.
// By default everything stays for ever; nothing goes but by `gc`.

import { HoldfastError } from "../errors.ts";

const KEEP_TAG = "retention.keep";
const MAX_AGE_TAG = "retention.maxAge";
/** Ends a rule that an older version made. */
const ALL = "all";

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

type Tags = Readonly<Record<string, string>>;

/** As callers say it. */
export interface RetentionOptions {
  /** So many of the newest versions stay; `all`: every one. */
  readonly keep?: number | string;
  /** Versions that are younger stay: `90s`, `30m`, `12h`, `7d`, `4w`; `all`: every one. */
  readonly maxAge?: string;
}

/** What a version's tags say. A version goes only if every rule that is there says so. */
export interface Retention {
  readonly keep?: number;
  readonly maxAgeMs?: number;
}

/** Tags with what `options` say of retention. Throws `BAD_OPTION`, also for such tags that say nothing that can be meant. */
export function retentionTags(tags: Tags | undefined, { keep, maxAge }: RetentionOptions): Tags | undefined {
  if (keep === undefined && maxAge === undefined && tags === undefined) return undefined;
  const all = {
    ...tags,
    ...(keep === undefined ? {} : { [KEEP_TAG]: String(keep) }),
    ...(maxAge === undefined ? {} : { [MAX_AGE_TAG]: maxAge }),
  };
  refuseUnclear("keep", all[KEEP_TAG], keepOf, "a whole number from 1 on, or `all`");
  refuseUnclear(
    "maximum age",
    all[MAX_AGE_TAG],
    ageOf,
    "a number and a unit, such as 90s, 30m, 12h, 7d or 4w, or `all`",
  );
  return all;
}

/** The tags of a new version: what it does not say of retention stays as the newest has it. */
export function keptRetention(tags: Tags, newest: Tags | undefined): Tags {
  if (newest === undefined) return tags;
  const kept = Object.entries(newest).filter(([tag]) => (tag === KEEP_TAG || tag === MAX_AGE_TAG) && !(tag in tags));
  return kept.length === 0 ? tags : { ...tags, ...Object.fromEntries(kept) };
}

/** Undefined where every version stays: there is no rule, or what it says cannot be understood. */
export function retentionOf(tags: Tags): Retention | undefined {
  const [keep, maxAgeMs] = [keepOf(tags[KEEP_TAG]), ageOf(tags[MAX_AGE_TAG])];
  if (isUnclear(tags[KEEP_TAG], keep) || isUnclear(tags[MAX_AGE_TAG], maxAgeMs)) return undefined;
  if (keep === undefined && maxAgeMs === undefined) return undefined;
  return { ...(keep === undefined ? {} : { keep }), ...(maxAgeMs === undefined ? {} : { maxAgeMs }) };
}

/** A version and when it was saved, ms since 1970. */
export interface Aged {
  readonly version: number;
  readonly savedAtMs: number;
}

/** Which of an artifact's versions (ascending) go now. Never the newest. */
export function expired(versions: readonly Aged[], { keep, maxAgeMs }: Retention, nowMs: number): number[] {
  const among = keep === undefined ? [] : versions.slice(-keep);
  const kept = new Set([...among, ...versions.slice(-1)].map(({ version }) => version));
  return versions
    .filter(({ version, savedAtMs }) => !kept.has(version) && (maxAgeMs === undefined || nowMs - savedAtMs > maxAgeMs))
    .map(({ version }) => version);
}

function keepOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}

function ageOf(text: string | undefined): number | undefined {
  const [, number, unit] = /^([0-9]{1,8})([smhdw])$/.exec(text ?? "") ?? [];
  return number === undefined || unit === undefined ? undefined : Number(number) * (UNIT_MS[unit] ?? 0);
}

function isUnclear(text: string | undefined, value: number | undefined): boolean {
  return text !== undefined && text !== ALL && value === undefined;
}

function refuseUnclear(
  what: string,
  text: string | undefined,
  read: (text: string | undefined) => number | undefined,
  wanted: string,
): void {
  if (!isUnclear(text, read(text))) return;
  throw new HoldfastError("BAD_OPTION", `the ${what} to be kept is ${JSON.stringify(text)}`, {
    hint: `Give ${wanted}.`,
  });
}

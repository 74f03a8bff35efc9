// What a hub may answer, checked where it comes in, so that a hub of another kind, or none at all, is told as what it is
// and never found out later as a field that is not there. By hand: a schema library takes longer to load than most
// commands take to run. What is not named here may be there too: a later hub may say more.

import type {
  AppendResponse,
  Conflict,
  DocumentStatus,
  ErrorBody,
  Head,
  HubLimits,
  Listed,
  ListedPage,
  NewToken,
  Page,
  PageEntry,
  SearchResult,
  TokenInfo,
  WorkspaceInfo,
} from "../hub/protocol.ts";

/** Throws a `ShapeError` that names the place. */
type Check = (value: unknown, at: string) => void;

/** The check of a `T`. */
export interface Shape<T> extends Check {
  /** Never there: ties the check to its type. */
  readonly of?: T;
}

export class ShapeError extends Error {}

/** `value` as what `shape` describes. Throws `ShapeError`. */
export function inShape<T>(value: unknown, shape: Shape<T>): T {
  shape(value, "");
  return value as T;
}

function must(holds: boolean, at: string, what: string): void {
  if (!holds) throw new ShapeError(`${at === "" ? "the whole" : `\`${at}\``} is not ${what}`);
}

const text: Check = (value, at) => must(typeof value === "string", at, "a text");
const flag: Check = (value, at) => must(typeof value === "boolean", at, "true or false");
const bytes: Check = (value, at) => must(value instanceof Uint8Array, at, "bytes");
const finite: Check = (value, at) => must(Number.isFinite(value), at, "a number");
const count: Check = (value, at) => must(Number.isSafeInteger(value) && Number(value) >= 0, at, "a number from 0");
const size: Check = (value, at) => must(Number.isSafeInteger(value) && Number(value) >= 1, at, "a number from 1");

function oneOf(...words: readonly string[]): Check {
  return (value, at) => must(words.includes(value as string), at, `one of ${words.join(", ")}`);
}
function optional(check: Check): Check {
  return (value, at) => value === undefined || check(value, at);
}
function nullable(check: Check): Check {
  return (value, at) => value === null || check(value, at);
}
function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, at) => {
    must(Array.isArray(value), at, "a list");
    for (const [index, each] of (value as unknown[]).entries()) item(each, `${at}[${index}]`);
  };
}
/** Every field of `T` has its check, also the optional ones. */
function record<T>(fields: Record<keyof T, Check>): Shape<T> {
  return (value, at) => {
    must(typeof value === "object" && value !== null && !Array.isArray(value), at, "an object");
    for (const name in fields) fields[name]((value as T)[name], at === "" ? name : `${at}.${name}`);
  };
}

export const WORKSPACE = record<WorkspaceInfo>({
  workspace: text,
  name: text,
  epoch: text,
  sequence: count,
  role: oneOf("admin", "member"),
  limits: record<HubLimits>({
    noteBytes: size,
    fileBytes: size,
    batchEntries: size,
    inlineBytes: count,
    batchBytes: size,
  }),
});

export const APPENDED = record<AppendResponse>({
  epoch: text,
  sequence: count,
  results: list(record<AppendResponse["results"][number]>({ id: text, sequence: size, repeated: flag })),
});

export const LISTED = record<Listed>({
  sequence: size,
  id: text,
  collection: text,
  name: text,
  kind: oneOf("put", "delete", "rename"),
  author: text,
  time: text,
  text: optional(text),
});

export const PAGE = record<Page>({
  epoch: text,
  sequence: count,
  next: count,
  entries: list(record<PageEntry>({ sequence: size, block: bytes, content: optional(bytes) })),
});

export const LISTED_PAGE = record<ListedPage>({ epoch: text, sequence: count, next: count, entries: list(LISTED) });

export const READY = record<{ epoch: string; sequence: number }>({ epoch: text, sequence: count });
export const HEAD_HINT = record<{ sequence: number }>({ sequence: count });

export const MISSING = record<{ missing: readonly string[] }>({ missing: list<string>(text) });

export const DOCUMENTS = record<{ documents: readonly DocumentStatus[] }>({
  documents: list(
    record<DocumentStatus>({
      doc: text,
      entry: text,
      sequence: count,
      state: oneOf("queued", "indexing", "done", "failed"),
      reason: optional(text),
    }),
  ),
});

export const FOUND = record<{ results: readonly SearchResult[] }>({
  results: list(
    record<SearchResult>({
      collection: text,
      name: text,
      doc: nullable(text),
      entry: text,
      line: count,
      text,
      score: finite,
    }),
  ),
});

export const NEW_TOKEN = record<NewToken>({ id: text, token: text });
export const TOKENS = record<{ tokens: readonly TokenInfo[] }>({
  tokens: list(
    record<TokenInfo>({ id: text, role: oneOf("admin", "member"), createdAt: text, revokedAt: nullable(text) }),
  ),
});
/** An answer of which nothing is read. */
export const ANYTHING: Shape<unknown> = () => {};

export const REFUSAL = record<ErrorBody>({
  error: text,
  code: text,
  hint: optional(text),
  details: optional(record<object>({})),
});
/** `details` of an entry that was refused for what it is. */
export const BLAMED = record<{ index: number }>({ index: count });
/** `details` of STALE_BASE and PATH_TAKEN. */
export const CONFLICTS = record<{ conflicts: readonly Conflict[] }>({
  conflicts: list(
    record<Conflict>({
      index: count,
      id: text,
      reason: oneOf("STALE_BASE", "PATH_TAKEN"),
      current: nullable(
        record<Head>({
          doc: nullable(text),
          entry: text,
          sequence: count,
          collection: text,
          name: text,
          deleted: flag,
        }),
      ),
    }),
  ),
});

/** A page as a whole: in order, and one that leads on. Throws `ShapeError`. */
export function requireOrder(page: Page | ListedPage, since: number): void {
  let last = since;
  for (const { sequence } of page.entries) {
    must(sequence > last && sequence <= page.next, "entries", `in order from ${since} to ${page.next}`);
    last = sequence;
  }
  // A hub that is behind what we have seen of it says so by its `sequence`; that is for the caller to tell.
  const leadsOn = page.next > since || page.sequence <= since;
  must(page.next >= since && leadsOn, "next", `after ${since}, although there is more, up to ${page.sequence}`);
}

/** An answer for every entry sent. Throws `ShapeError`. */
export function requireParallel(appended: AppendResponse, sent: number): AppendResponse {
  must(appended.results.length === sent, "results", `${sent} long`);
  return appended;
}

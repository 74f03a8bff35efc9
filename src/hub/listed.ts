// An entry as JSON shows it.

import type { Listed } from "./protocol.ts";
import type { StoredEntry } from "./storage.ts";

/** The latest time that a `Date` can hold, ms: a clock beyond it is shown as that. */
const MAX_DATE_MS = 8_640_000_000_000_000;

export function listedOf(stored: StoredEntry): Listed {
  const { sequence, id, collection, name, kind, author, wallMs, content } = stored;
  const time = new Date(Math.min(wallMs, MAX_DATE_MS)).toISOString();
  const text = content === undefined ? {} : { text: new TextDecoder().decode(content) };
  return { sequence, id, collection, name, kind, author, time, ...text };
}

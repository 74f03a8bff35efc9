// `data list --where`: which artifacts an expression in CEL holds for. The expression sees the artifact's fields and nothing
// else, and cannot run for ever: its size is bounded, and so is the time that it gets.

import vm from "node:vm";
import { Environment, type ParseResult } from "@marcbachmann/cel-js";
import { turnGiver } from "../coordination/turns.ts";
import { HoldfastError } from "../errors.ts";
import type { ListedArtifact } from "./catalog.ts";

/** Characters of an expression at the most. */
const MAX_CHARS = 10_000;
/** Artifacts looked at in one go, and how long that may take, ms: a thousand times as long as it does. */
const SLICE = 1_000;
const SLICE_MS = 2_000;
const LIMITS = { maxAstNodes: 1_000, maxDepth: 60, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 8 };

/** CEL has a `type` of its own, so the artifact's goes by another word inside. */
const OUR_TYPE = "contentType";
/** What an expression may name. */
const VARIABLES = {
  collection: "string",
  name: "string",
  version: "int",
  size: "int",
  hash: "string",
  [OUR_TYPE]: "string",
  createdAt: "google.protobuf.Timestamp",
  // A text, or null.
  owner: "dyn",
  tags: "map<string, string>",
} as const;

/** The artifacts of `rows` that `expression` holds for. Throws `BAD_OPTION` with the place where it cannot be meant. */
export async function artifactsWhere(
  rows: readonly ListedArtifact[],
  expression: string,
  signal?: AbortSignal,
): Promise<ListedArtifact[]> {
  const holds = compile(expression);
  const giveTurn = turnGiver();
  const found: ListedArtifact[] = [];
  for (let at = 0; at < rows.length; at += SLICE) {
    await giveTurn();
    signal?.throwIfAborted();
    const slice = rows.slice(at, at + SLICE);
    found.push(...inTime(expression, () => slice.filter(holds)));
  }
  return found;
}

function compile(expression: string): (row: ListedArtifact) => boolean {
  if (expression.length > MAX_CHARS) throw refused(expression, `it is longer than ${MAX_CHARS} characters`);
  const parsed = inTime(expression, () => checked(expression));
  return (row) => {
    // What is damaged says nothing of itself.
    if (row.damaged !== undefined) return false;
    let result: unknown;
    try {
      result = parsed(fieldsOf(row));
    } catch {
      // A tag that this one has not, a text that is no number: it does not hold.
      return false;
    }
    if (typeof result === "boolean") return result;
    throw refused(expression, "it does not give true or false");
  };
}

function checked(expression: string): ParseResult {
  const environment = new Environment({ limits: LIMITS });
  for (const [name, type] of Object.entries(VARIABLES)) {
    environment.registerVariable(name, type);
  }
  let parsed: ParseResult;
  try {
    parsed = environment.parse(expression);
  } catch (error) {
    throw refused(expression, error);
  }
  nameOurType(parsed.ast);
  const { valid, type, error } = parsed.check();
  if (!valid) throw refused(expression, error);
  if (type !== "bool" && type !== "dyn") throw refused(expression, `it gives ${type}, not true or false`);
  return parsed;
}

/** `type` alone is the artifact's; `type(...)` stays CEL's own. */
function nameOurType(node: unknown): void {
  if (Array.isArray(node)) {
    for (const part of node) nameOurType(part);
  } else if (typeof node === "object" && node !== null && "op" in node && "args" in node) {
    if (node.op === "id" && node.args === "type") node.args = OUR_TYPE;
    else nameOurType(node.args);
  }
}

function fieldsOf(row: ListedArtifact): Record<string, unknown> {
  return {
    collection: row.collection,
    name: row.name,
    version: BigInt(row.version),
    size: BigInt(row.size),
    hash: row.hash,
    [OUR_TYPE]: row.type,
    createdAt: new Date(row.createdAt),
    owner: row.owner,
    tags: new Map(Object.entries(row.tags)),
  };
}

/** Runs `work`, and ends it, wherever it is, when its time is up. */
function inTime<T>(expression: string, work: () => T): T {
  try {
    return new vm.Script("work()").runInContext(vm.createContext({ work }), { timeout: SLICE_MS }) as T;
  } catch (error) {
    // No error of this world's own: it has another class.
    if ((error as { code?: unknown } | null)?.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw refused(expression, "it takes too long");
  }
}

function refused(expression: string, cause: unknown): HoldfastError {
  const { summary, range } = (typeof cause === "object" ? cause : {}) as {
    summary?: string;
    range?: { start: number };
  };
  const why = typeof cause === "string" ? cause : (summary ?? String(cause));
  const position = range === undefined ? undefined : range.start + 1;
  const place = position === undefined ? "" : ` (at character ${position})`;
  const shown = expression.length > 200 ? `${expression.slice(0, 200)}...` : expression;
  return new HoldfastError(
    "BAD_OPTION",
    `where ${JSON.stringify(shown)} cannot be meant: ${why.split("\n")[0]}${place}`,
    {
      hint:
        "It is CEL over collection, name, version, size, hash, type, createdAt (a timestamp), owner and tags, and gives true " +
        'or false: tags.kind == "report" && size > 1000 && createdAt > timestamp("2026-01-31T00:00:00Z").',
      details: position === undefined ? {} : { position },
    },
  );
}

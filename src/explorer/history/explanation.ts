// Why a history fits no order, for people: the operation that is the first to fit nowhere, what could have come back
// in its place, and all that was going on until then as intervals over time.

import type { Operation } from "./linearizable.ts";
import { type Model, type PlainData, plainKey } from "./model.ts";

/** Rows of the picture; what returned long before is left out. */
const ROWS = 16;
/** Columns of the picture, at most. */
const DRAWN = 56;
const LABEL = 48;
/** Pairs of placed operations and state that are looked at for what could have come back. */
const ATTEMPTS = 5_000;
const NAMED = 4;

/**
 * Tells of `prefix`, the shortest beginning that fits no order; those of `later` came back after it. `fits` says whether
 * a beginning fits.
 */
export function explanation<State extends PlainData>(
  prefix: readonly Operation[],
  later: ReadonlySet<Operation>,
  model: Model<State>,
  fits: (operations: readonly Operation[]) => boolean,
): string {
  const culprit = lastReturned(prefix);
  const others = prefix.filter((operation) => operation !== culprit);
  const answers = possibleOutputs(prefix, culprit, model).filter((output) => fits([...others, { ...culprit, output }]));
  return [
    "Not linearizable: no order of these operations, each done at some moment between its call and its return, gives what came back.",
    `The first that fits nowhere: ${label(culprit)}${instead(answers)}`,
    "",
    ...picture(prefix, later, culprit),
  ].join("\n");
}

function lastReturned(prefix: readonly Operation[]): Operation {
  const returned = prefix.filter((operation) => operation.returned !== undefined);
  const [first, ...rest] = returned;
  if (first === undefined) throw new Error("operations of which none returned always fit");
  return rest.reduce((last, one) => ((one.returned ?? 0) > (last.returned ?? 0) ? one : last), first);
}

function instead(answers: readonly PlainData[]): string {
  if (answers.length === 0) return ".";
  const named = answers.slice(0, NAMED).map((answer) => shortened(plainKey(answer)));
  const more = answers.length > NAMED ? ", ..." : "";
  return `; ${named.join(" or ")}${more} would have fitted.`;
}

/** What the model gives for `culprit` wherever it may stand, as far as is found within bounds. */
function possibleOutputs<State extends PlainData>(
  prefix: readonly Operation[],
  culprit: Operation,
  model: Model<State>,
): PlainData[] {
  const outputs = new Map<string, PlainData>();
  const seen = new Set<string>();
  const stack: { readonly placed: ReadonlySet<Operation>; readonly state: State }[] = [
    { placed: new Set(), state: model.init },
  ];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const next = stack.pop();
    if (next === undefined) break;
    const { placed, state } = next;
    for (const operation of prefix) {
      if (placed.has(operation) || !mayComeNext(operation, prefix, placed)) continue;
      const step = model.step(state, operation.name, operation.input);
      if (operation === culprit) {
        if (Object.hasOwn(step, "output")) outputs.set(plainKey(step.output), step.output);
        continue;
      }
      if (operation.returned !== undefined && Object.hasOwn(step, "output") && !same(model, step.output, operation))
        continue;
      const after = new Set(placed).add(operation);
      const key = `${prefix.map((one) => (after.has(one) ? 1 : 0)).join("")}|${plainKey(step.state)}`;
      if (!seen.has(key)) stack.push({ placed: after, state: step.state });
      seen.add(key);
    }
  }
  return [...outputs.values()];
}

function same<State extends PlainData>(model: Model<State>, expected: PlainData, { output, name }: Operation): boolean {
  return model.equal?.(expected, output, name) ?? plainKey(expected) === plainKey(output);
}

function mayComeNext(operation: Operation, prefix: readonly Operation[], placed: ReadonlySet<Operation>): boolean {
  return prefix.every(
    (other) =>
      other.returned === undefined || other.returned > operation.invoked || other === operation || placed.has(other),
  );
}

/** A row for each operation, in the order of their calls: who, what, and from when to when. */
function picture(prefix: readonly Operation[], later: ReadonlySet<Operation>, culprit: Operation): string[] {
  const rows = prefix.toSorted((a, b) => a.invoked - b.invoked);
  const late = rows.toSorted(
    (a, b) => (b.returned ?? Number.POSITIVE_INFINITY) - (a.returned ?? Number.POSITIVE_INFINITY),
  );
  const shown = new Set(late.slice(0, ROWS));
  const drawn = rows.filter((operation) => shown.has(operation));
  const positions = drawn.flatMap(({ invoked, returned }) =>
    returned === undefined ? [invoked] : [invoked, returned],
  );
  const ranks = new Map(positions.sort((a, b) => a - b).map((position, rank) => [position, rank]));
  const step = Math.max(1, Math.min(4, Math.floor(DRAWN / (positions.length + 1))));
  const end = positions.length * step;
  const labels = drawn.map(label);
  const width = Math.max(...labels.map(({ length }) => length));
  const lines = drawn.map((operation, row) => {
    const from = (ranks.get(operation.invoked) ?? 0) * step;
    const to = operation.returned === undefined ? undefined : (ranks.get(operation.returned) ?? 0) * step;
    const line = to === undefined ? `├${"╌".repeat(end - from)}` : `├${"─".repeat(to - from - 1)}┤`;
    const remark =
      to === undefined ? (later.has(operation) ? "" : " never came back") : operation === culprit ? " ✗" : "";
    return `  ${(labels[row] ?? "").padEnd(width)}  ${" ".repeat(from)}${line}${remark}`;
  });
  const left = rows.length - drawn.length;
  return left === 0 ? lines : [`  (${left} earlier ${left === 1 ? "operation" : "operations"} not shown)`, ...lines];
}

/** `b: write "1"`, `a: read → "0"` */
function label({ process, name, input, output, returned }: Operation): string {
  const given = input === undefined ? "" : ` ${plainKey(input)}`;
  const came = returned === undefined || output === undefined ? "" : ` → ${plainKey(output)}`;
  return shortened(process === "" ? `${name}${given}${came}` : `${process}: ${name}${given}${came}`);
}

/** What came back stands at the end: it is the middle that is left out. */
function shortened(text: string): string {
  const plain = text
    .replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "?")
    .replace(/[\0-\u001f]/g, "?");
  if (plain.length <= LABEL) return plain;
  return `${plain.slice(0, LABEL / 2).toWellFormed()}…${plain.slice(1 - LABEL / 2).toWellFormed()}`;
}

// Records what concurrent callers did to an object and what came back, and holds it against a model of the object.
//
//     const h = history(register({ initial: "0" }));
//     // in each process:
//     await h.run("write", "1", () => store.write("1"));
//     await h.run("read", undefined, () => store.read());
//     // in the check:
//     h.check();

import { HoldfastError } from "../../errors.ts";
import { linearizable, type Operation } from "./linearizable.ts";
import { type Model, notPlain, type PlainData } from "./model.ts";
import { MemoryNotes, type NotedEvent, type Notes, providedNotes } from "./notes.ts";

export interface HistoryOptions {
  /** Histories of one name are one history, in whichever process they are made. Default `"history"`. */
  readonly name?: string;
  /** Whether an operation that failed with `error` may have happened all the same: a timeout, a lost answer. */
  readonly indeterminate?: (error: unknown) => boolean;
}

export interface RunOptions<Value> {
  /** What came back, as plain data. Default: the value itself. */
  readonly output?: (value: Value) => PlainData;
  /** Instead of the history's own. */
  readonly indeterminate?: (error: unknown) => boolean;
  /** Who does it, for the explanation. Default: the scenario's process. */
  readonly process?: string;
}

export interface History {
  /**
   * Does `action` and records its call and what came back. When it fails, the failure is passed on: the operation is
   * taken as not done, or, if `indeterminate` says so, as done at any later time or never.
   */
  run<Value>(
    name: string,
    input: PlainData,
    action: () => Promise<Value> | Value,
    options?: RunOptions<Value>,
  ): Promise<Value>;
  /** The same for an action that returns at once. */
  runSync<Value>(name: string, input: PlainData, action: () => Value, options?: RunOptions<Value>): Value;
  /** What was recorded so far, in the order of the calls, without what failed. */
  operations(): Operation[];
  /** Throws `NotLinearizable` when no order of the operations agrees with the model. */
  check(): void;
}

/** The history fits no order; the message shows why. */
export class NotLinearizable extends Error {
  override readonly name = "NotLinearizable";
  /** As of `assert`: test runners show it as a failed assertion. */
  readonly code = "ERR_ASSERTION";
  /** The shortest beginning that fits no order. */
  readonly operations: readonly Operation[];

  constructor(explain: string, operations: readonly Operation[]) {
    super(explain);
    this.operations = operations;
  }
}

/** Ids of calls in this module instance. A process that was killed starts over: an id is one of the latest call. */
let calls = 0;

/** A history of operations on an object that is to behave as `model`. */
export function history<State extends PlainData>(model: Model<State>, options: HistoryOptions = {}): History {
  const name = options.name ?? "history";
  const own = new MemoryNotes();
  const notes = (): Notes => providedNotes() ?? own;

  function begin<Value>(operation: string, input: PlainData, run: RunOptions<Value>) {
    const id = ++calls;
    demandPlain(input, `The input of \`${operation}\``, "Give the part of it that matters to the model.");
    const process = run.process === undefined ? {} : { process: run.process };
    notes().invoked(name, { id, name: operation, input, ...process });
    return {
      came(value: Value): void {
        const output = run.output === undefined ? (value as PlainData) : run.output(value);
        demandPlain(
          output,
          `What came back from \`${operation}\``,
          "Give `{ output: (value) => ... }`, which makes plain data of it.",
        );
        notes().returned(name, { id, output });
      },
      failed(error: unknown): void {
        const indeterminate = run.indeterminate ?? options.indeterminate;
        if (indeterminate?.(error) !== true) notes().returned(name, { id, failed: true });
      },
    };
  }

  const recorded = (): Operation[] => operationsOf(notes().all(name));
  return {
    async run(operation, input, action, run = {}) {
      const call = begin(operation, input, run);
      let value: Awaited<ReturnType<typeof action>>;
      try {
        value = await action();
      } catch (error) {
        call.failed(error);
        throw error;
      }
      call.came(value);
      return value;
    },
    runSync(operation, input, action, run = {}) {
      const call = begin(operation, input, run);
      let value: ReturnType<typeof action>;
      try {
        value = action();
      } catch (error) {
        call.failed(error);
        throw error;
      }
      call.came(value);
      return value;
    },
    operations: recorded,
    check() {
      const verdict = linearizable(recorded(), model);
      if (!verdict.ok) throw new NotLinearizable(verdict.explain, verdict.prefix);
    },
  };
}

/** The same as `recorded.check()`, for those who like assertions to read as such. */
export function assertLinearizable(recorded: History): void {
  recorded.check();
}

function demandPlain(value: unknown, what: string, hint: string): void {
  const found = notPlain(value);
  if (found !== undefined) throw new HoldfastError("BAD_OPTION", `${what} is not plain data (${found}).`, { hint });
}

interface Draft {
  readonly operation: Operation;
  readonly failed: boolean;
}

/** Puts calls and returns together. */
function operationsOf(events: readonly NotedEvent[]): Operation[] {
  const open = new Map<string, number>();
  const drafts: Draft[] = [];
  for (const { kind, process, position, record } of events) {
    const fields = record as { readonly [key: string]: PlainData };
    const id = `${fields.id} of ${process}`;
    if (kind === "invoked") {
      open.set(id, drafts.length);
      const who = typeof fields.process === "string" ? fields.process : process;
      const operation = { process: who, name: String(fields.name), input: fields.input, invoked: position };
      drafts.push({ operation, failed: false });
      continue;
    }
    const index = open.get(id);
    const draft = index === undefined ? undefined : drafts[index];
    if (index === undefined || draft === undefined) throw new Error(`a return without a call in the history: ${id}`);
    open.delete(id);
    const operation = { ...draft.operation, output: fields.output, returned: position };
    drafts[index] = { operation, failed: fields.failed === true };
  }
  return drafts.filter(({ failed }) => !failed).map(({ operation }) => operation);
}

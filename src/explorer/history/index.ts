// Histories: what concurrent operations gave, held against a model that does one after the other. Start with
// `recorder.ts`, which records; `linearizable.ts` decides; `models.ts` has the usual objects.

export { linearizable, MAX_CONFIGURATIONS, MAX_OPERATIONS, type Operation, type Verdict } from "./linearizable.ts";
export type { Model, ModelStep, PlainData } from "./model.ts";
export { listAppend, queue, register, set } from "./models.ts";
export { MemoryNotes, type NotedEvent, type Notes, setNotes } from "./notes.ts";
export {
  assertLinearizable,
  type History,
  type HistoryOptions,
  history,
  NotLinearizable,
  type RunOptions,
} from "./recorder.ts";

// A fault of the scenario, not of the code under test: told as such, and never as a race.

/** The scenario, or what it imports, cannot be run as it stands. */
export class ScenarioError extends Error {
  override readonly name: string = "ScenarioError";
  readonly code = "SCENARIO";
  /** What the reader can do next, one sentence. */
  readonly hint: string | undefined;

  constructor(message: string, detail: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.hint = detail.hint;
  }
}

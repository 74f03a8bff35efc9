// A fault of the scenario, not of the code under test: told as such, and never as a race.

import { HoldfastError } from "../errors.ts";

/** The scenario, or what it imports, cannot be run as it stands (`code: "SCENARIO"`). */
export class ScenarioError extends HoldfastError {
  override readonly name: string = "ScenarioError";
  /** Where in the scenario: `balance.race.ts:12:20`; undefined when the message says it, or nobody knows. */
  readonly at: string | undefined;

  constructor(
    message: string,
    detail: { readonly hint?: string; readonly cause?: unknown; readonly at?: string } = {},
  ) {
    const { at, ...rest } = detail;
    super("SCENARIO", message, { ...rest, ...(at !== undefined && { details: { at } }) });
    this.at = at;
  }
}

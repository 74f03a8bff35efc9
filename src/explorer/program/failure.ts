// Errors of the program, as plain data.

import type { Failure } from "../world/port.ts";

/** What can be said of anything that was thrown; never throws itself. */
export function failureOf(thrown: unknown): Failure {
  if (typeof thrown !== "object" || thrown === null) return { name: "Error", message: `thrown: ${text(thrown)}` };
  const { name, message, stack } = thrown as Partial<Error>;
  return {
    name: typeof name === "string" ? name : "Error",
    message: typeof message === "string" ? message : text(thrown),
    ...(typeof stack === "string" && { stack }),
  };
}

function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a value that cannot be shown";
  }
}

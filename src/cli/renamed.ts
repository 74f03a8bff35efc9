// Telling a person that an old name was followed.

import type { Call } from "./call.ts";
import { printable } from "./text.ts";

/** One line on stderr; with `--json` the document says it. */
export function tellRenamed(call: Call, found: { readonly name?: string; readonly renamedFrom?: string }): void {
  if (call.json || found.renamedFrom === undefined) return;
  process.stderr.write(`holdfast: ${printable(`${found.renamedFrom} is called ${found.name} now`)}\n`);
}

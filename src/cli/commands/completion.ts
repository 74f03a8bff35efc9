import { HoldfastError } from "../../errors.ts";
import type { Call, Outcome } from "../call.ts";
import { completionScript, isShell, SHELLS } from "../completion.ts";

export async function run(call: Call): Promise<Outcome> {
  const shell = call.arg(0);
  if (!isShell(shell)) {
    throw new HoldfastError("USAGE", `there is no completion for ${JSON.stringify(shell)}`, {
      hint: `Say one of: ${SHELLS.join(", ")}.`,
    });
  }
  const script = completionScript(shell);
  return { json: { shell, script }, text: () => script };
}

import type { Call, Outcome } from "../call.ts";
import { up } from "./up.ts";

export function run(call: Call): Promise<Outcome | undefined> {
  return up(call, true);
}

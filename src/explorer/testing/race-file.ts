// Where the tests' scenarios are.

import { join } from "node:path";

/** The absolute path of `races/NAME.race.ts`. */
export function raceFile(name: string): string {
  return join(import.meta.dirname, "races", `${name}.race.ts`);
}

// Structural work passes its hold on and ends at any moment; who was let in writes meanwhile, or finds that the hold is over.
// Structural work that begins then, which passed nothing on, is never inside with it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { race } from "holdfast/explorer";
import { isHoldfastError } from "../../errors.ts";
import { StructuralLock } from "../structural-lock.ts";
import { goInside } from "./inside.ts";

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // it was not passed on yet
  }
}

export default race({
  setup: () => mkdirSync("/locks"),
  processes: {
    parent: async () => {
      const store = new StructuralLock("/locks");
      await store.alone({}, (fence) => writeFileSync("/hold", fence.passOn()));
      await store.alone({}, goInside);
    },
    child: async () => {
      const hold = textOf("/hold");
      if (hold === undefined || hold === "") return;
      try {
        await new StructuralLock("/locks").withCollections(["c"], { hold }, goInside);
      } catch (error) {
        if (!isHoldfastError(error, "LOCK_LOST")) throw error;
      }
    },
  },
});

// The datastore's story: a writer slipped in between the drain and the global lock, and "delete --force" met it. Here a
// writer of a collection and structural work on the whole store want in at once: never are both inside.

import { mkdirSync } from "node:fs";
import { race } from "holdfast/explorer";
import { StructuralLock } from "../structural-lock.ts";
import { goInside } from "./inside.ts";

export default race({
  setup: () => mkdirSync("/locks"),
  processes: {
    writer: () => new StructuralLock("/locks").withCollections(["c"], {}, goInside),
    deleter: () => new StructuralLock("/locks").alone({}, goInside),
  },
});

// What the store does beyond saves and deletes, under the explorer: killed at any effect, and held up until it is too late.

import { isLong } from "../../explorer/testing/long-tests.ts";
import { explored, proved } from "./explored.ts";

const KILLED = [
  [
    "STORE-31 a rename that is killed at any effect: all versions are under one name, and the old one leads there",
    "./rename.race.ts",
    "killed",
  ],
  ["STORE-31 the same, and the catalog is lost with the renamer", "./rename.race.ts", "killedUnknown"],
  ["STORE-29 gc that is killed at any effect leaves the newest version", "./gc.race.ts", "killed"],
  [
    "STORE-29 gc after a deleter of the newest that was killed at any effect leaves a version",
    "./gc.race.ts",
    "afterDeleterDied",
  ],
  [
    "STORE-01 STORE-21 a delete of all that is killed at any effect deletes all or nothing, and no number is given again",
    "./delete-all.race.ts",
    "killed",
  ],
  ["STORE-22 contents are whole after compact was killed at any effect", "./compact.race.ts", "killed"],
] as const;
const POWER_LOSSES = [
  ["STORE-29 gc that loses power at any effect leaves the newest version", "./gc.race.ts"],
  ["STORE-22 contents are whole after compact lost power at any effect", "./compact.race.ts"],
] as const;
/** Each takes ten seconds and more: of those that are much alike one is in `npm test`, and all are in `HOLDFAST_TESTS=long`. */
const ALIKE: ReadonlySet<string> = new Set(["killedUnknown", "afterDeleterDied", "deleter", "renamer"]);

for (const [title, file] of isLong ? POWER_LOSSES : []) {
  explored(title, file, { exported: "powerLoss" }, proved(50));
}

for (const [title, file, exported] of KILLED.filter(([, , name]) => isLong || !ALIKE.has(name))) {
  explored(title, file, { exported }, proved(50));
}

explored(
  "STORE-22 a reader finds contents whole while compact replaces them",
  "./compact.race.ts",
  { exported: "besideReader" },
  proved(5),
);

for (const exported of ["saver", "deleter", "renamer"].filter((name) => isLong || !ALIKE.has(name))) {
  const title = `STORE-15 a ${exported} whose lock was taken over while it was held up is told LOCK_LOST and changes nothing`;
  explored(title, "./fenced.race.ts", { exported }, proved(20));
}

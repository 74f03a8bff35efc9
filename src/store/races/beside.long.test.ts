// Rename, gc, delete of all and compact beside others, at most one preemption each where they take locks: HOLDFAST_TESTS=long.
// `npm run soak -- store-beside` kills one of the two as well.

import { boundedBy, explored, proved } from "./explored.ts";

explored(
  "STORE-31 STORE-08 who reads by the old name finds the newest version at every moment of a rename",
  "./rename.race.ts",
  { exported: "besideReader" },
  proved(500),
);

explored(
  "STORE-31 a rename that is killed at any effect is finished by who saves under the new name",
  "./rename.race.ts",
  { exported: "killedThenNew" },
  proved(50),
);

explored(
  "STORE-21 STORE-23 a delete of all that loses power at any effect deletes all or nothing, and no number is given again",
  "./delete-all.race.ts",
  { exported: "powerLoss" },
  proved(500),
);

explored(
  "STORE-31 STORE-23 a rename that loses power at any effect has happened whole or not at all",
  "./rename.race.ts",
  { exported: "powerLoss" },
  proved(1_000),
);

const bounded = boundedBy("at most 1 preemptions");
const unpreempted = boundedBy("at most 0 preemptions");

const ONE_PREEMPTION = [
  ["STORE-31 a rename beside a save under the old name", "./rename.race.ts", "besideWriter"],
  ["STORE-31 a rename beside one that lists by the old name", "./rename.race.ts", "besideLister"],
  ["STORE-31 STORE-15 a renamer overtaken by a save under the old name", "./rename.race.ts", "overtakenAtOld"],
  ["STORE-31 STORE-15 a renamer overtaken by a save under the new name", "./rename.race.ts", "overtakenAtNew"],
  ["STORE-29 gc beside a writer", "./gc.race.ts", "writer"],
  ["STORE-01 STORE-21 a delete of all beside a writer", "./delete-all.race.ts", "writer"],
  ["STORE-22 compact beside a deleter", "./compact.race.ts", "deleter"],
] as const;
for (const [title, file, exported] of ONE_PREEMPTION) {
  explored(`${title}: nothing is lost, with any one preemption`, file, { exported, preemptions: 1 }, bounded);
}

const KILLED = [
  ["STORE-31 a rename beside a save under the old name", "./rename.race.ts", "besideWriterKilled"],
  ["STORE-29 gc beside a writer", "./gc.race.ts", "writerKilled"],
  ["STORE-01 STORE-21 a delete of all beside a writer", "./delete-all.race.ts", "writerKilled"],
  ["STORE-22 compact beside a deleter", "./compact.race.ts", "deleterKilled"],
] as const;
for (const [title, file, exported] of KILLED) {
  explored(`${title}, either killed at any effect: the other goes on`, file, { exported, preemptions: 0 }, unpreempted);
}

explored(
  "STORE-15 a saver that stood still past its lease, at any step, changes nothing that one on another host has saved since",
  "./fenced.race.ts",
  { exported: "leaseRunOut", preemptions: 0 },
  unpreempted,
);

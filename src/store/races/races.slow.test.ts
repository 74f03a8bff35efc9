// The store under the explorer: cut off at any effect, and with its lock taken away at any moment.

import { isLong } from "../../explorer/testing/long-tests.ts";
import { boundedBy, explored, proved } from "./explored.ts";

/** Searched whole, `npm run soak -- store`, they take minutes. */
const RUNS_OF_POWER_LOSS = 80;
/** It was killed at each effect. */
const AT_EACH_EFFECT = proved(50);

const SAVES = [
  ["killed", "a save"],
  ["firstKilled", "the first save of all"],
  ["largeKilled", "a save too large for the journal"],
] as const;
for (const [exported, what] of SAVES.slice(0, isLong ? undefined : 1)) {
  const title = `STORE-23 STORE-14 ${what} that is killed at any effect is there whole or not at all, and the next one works`;
  explored(title, "./save.race.ts", { exported }, AT_EACH_EFFECT);
}
const DELETES = [
  ["newestKilled", "of the newest version"],
  ["allKilled", "of all versions"],
] as const;
for (const [exported, what] of DELETES.slice(0, isLong ? undefined : 1)) {
  const title = `STORE-23 STORE-21 a delete ${what} that is killed at any effect happens whole or not at all`;
  explored(title, "./delete.race.ts", { exported }, AT_EACH_EFFECT);
}

for (const exported of isLong ? ["thenSavedKilled", "thenDeletedKilled"] : ["thenDeletedKilled"]) {
  const title = `STORE-23 what stands only in the journal is there, whatever comes after it is killed at any effect: ${exported}`;
  explored(title, "./journal.race.ts", { exported }, AT_EACH_EFFECT);
}
for (const exported of ["large", "replayedKilled"]) {
  const title = `STORE-23 what was acknowledged is there after a power loss, on every disk that can be found: ${exported}`;
  explored(title, "./publish.race.ts", { exported }, AT_EACH_EFFECT);
}
if (isLong) {
  for (const exported of ["next", "first", "checkpointed"]) {
    const title = `STORE-23 what was acknowledged is there after a power loss, on every disk that can be found: ${exported}`;
    explored(title, "./publish.race.ts", { exported }, AT_EACH_EFFECT);
  }
}

const LONGER_POWER_LOSSES = [
  ["./save.race.ts", "largePowerLoss"],
  ["./journal.race.ts", "thenSavedPowerLoss"],
  ["./journal.race.ts", "thenLargePowerLoss"],
] as const;
const POWER_LOSSES = [
  ["./save.race.ts", "powerLoss"],
  ["./save.race.ts", "firstPowerLoss"],
  ["./journal.race.ts", "thenDeletedPowerLoss"],
  ...(isLong ? LONGER_POWER_LOSSES : []),
] as const;
for (const [file, exported] of POWER_LOSSES) {
  const title = `STORE-23 what was acknowledged is there after a power loss: ${file} ${exported}`;
  const options = { exported, budget: RUNS_OF_POWER_LOSS };
  explored(title, file, options, boundedBy(`${RUNS_OF_POWER_LOSS} runs`, "parts of what a power loss takes"));
}

const LOST_DELETES = [
  ["allPowerLoss", "of all versions"],
  ["newestPowerLoss", "of the newest version"],
] as const;
for (const [exported, what] of LOST_DELETES.slice(0, isLong ? undefined : 1)) {
  const title = `STORE-23 STORE-21 a delete ${what} that loses power at any effect happens whole or not at all`;
  explored(title, "./delete.race.ts", { exported }, AT_EACH_EFFECT);
}

const ONCE = { preemptions: 1 };
const BOUND = boundedBy("at most 1 preemptions");
for (const exported of isLong ? ["killed", "togetherKilled"] : ["togetherKilled"]) {
  const title = `STORE-22 STORE-23 whoever saves and is killed at any effect, what is there is listed: ${exported}`;
  explored(title, "./fold.race.ts", { exported }, AT_EACH_EFFECT);
}
for (const exported of isLong ? ["besideLister", "besideSaver", "besideDeleter"] : ["besideLister", "besideDeleter"]) {
  const title = `STORE-08 STORE-22 what was acknowledged is listed, whenever its rows are made: ${exported}`;
  explored(title, "./fold.race.ts", { exported, ...ONCE }, BOUND);
}
explored(
  "STORE-15 a deleter whose lock is taken away at any moment deletes nothing that others saved meanwhile",
  "./overtaken.race.ts",
  { exported: "deleter", ...ONCE },
  BOUND,
);
explored(
  "STORE-15 STORE-21 a saver whose lock is taken away at any moment gives no number that another has given",
  "./overtaken.race.ts",
  { exported: "saver", ...ONCE },
  BOUND,
);

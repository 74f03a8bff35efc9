// The machine is started anew: whoever opens the workspace next finds another boot than the one in which all there was saved.

import { readFileSync, writeFileSync } from "node:fs";
import { listJournals } from "../journal.ts";
import { formatBatch, parseJournal } from "../journal-record.ts";
import { Layout } from "../layout.ts";

const BEFORE = "the boot before";

export function startMachineAnew(folder: string): void {
  const layout = new Layout(folder);
  for (const { path } of listJournals(layout)) {
    const { batches } = parseJournal(readFileSync(path, "utf8"));
    writeFileSync(path, batches.map((batch) => formatBatch({ ...batch, boot: BEFORE })).join(""));
  }
  writeFileSync(layout.bootFile, BEFORE);
}

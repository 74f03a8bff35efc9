import { listLocks } from "../../coordination/index.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import type { Call, Outcome } from "../call.ts";
import { columns, durationText } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const { layout } = openWorkspaceRecord(call.folder());
  const locks = listLocks(layout.locks);
  return {
    json: { locks },
    text: () =>
      locks.length === 0
        ? "no lock is held"
        : columns([
            ["SCOPE", "STATE", "HOLDER", "PID", "HOST", "GENERATION", "AGE"],
            ...locks.map((lock) => [
              lock.scope,
              lock.state,
              lock.holder,
              String(lock.pid),
              lock.host,
              String(lock.generation),
              durationText(lock.age_ms),
            ]),
          ]),
  };
}

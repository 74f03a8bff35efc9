import type { WorkspaceStatus } from "../../workspace/status.ts";
import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";
import { columns } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  await using workspace = openCalled(call);
  const status = await workspace.status();
  return {
    json: status,
    text: () => {
      const { hub, lastError, watch } = status;
      return columns([
        ["folder", status.folder],
        ["daemon", status.pid === null ? "not running" : `process ${status.pid}`],
        ...(watch === null ? [] : [["changes", watchText(watch)]]),
        ["hub", hub === null ? "none" : `${hub.url}${hub.reachable ? "" : " (does not answer)"}`],
        ["cursor", String(status.cursor)],
        ["lag", String(status.lag)],
        ["queue", String(status.queue)],
        ["conflicts", String(status.conflicts)],
        ["last error", lastError === null ? "none" : `${lastError.message} (${lastError.code}, ${lastError.at})`],
      ]);
    },
  };
}

function watchText({ mode, reason, missedAt }: NonNullable<WorkspaceStatus["watch"]>): string {
  const how = mode === "watching" ? "watched" : `scanned every few seconds: ${reason}`;
  return missedAt === null ? how : `${how}; scanned at ${missedAt}, when too many came at once`;
}

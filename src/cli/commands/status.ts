import type { WorkspaceStatus } from "../../workspace/status.ts";
import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";
import { columns } from "../text.ts";

const MAX_LISTED = 10;

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
        ...listed("given up", status.stopped),
        ...listed("left alone", status.refused),
        ...listed("not indexed", status.failed),
        ["last error", lastError === null ? "none" : `${lastError.message} (${lastError.code}, ${lastError.at})`],
      ]);
    },
  };
}

/** The first few, a line each. */
function listed(label: string, items: WorkspaceStatus["refused"]): string[][] {
  const lines = items.slice(0, MAX_LISTED).map(({ path, reason }) => [label, `${path}: ${reason}`]);
  const more = items.length - lines.length;
  return more === 0 ? lines : [...lines, [label, `and ${more} more; --json lists them all`]];
}

function watchText({ mode, reason, missedAt }: NonNullable<WorkspaceStatus["watch"]>): string {
  const how = mode === "watching" ? "watched" : `scanned every few seconds: ${reason}`;
  return missedAt === null ? how : `${how}; scanned at ${missedAt}, when too many came at once`;
}

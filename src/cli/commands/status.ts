import type { WorkspaceStatus } from "../../workspace/status.ts";
import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";
import { columns } from "../text.ts";

const MAX_LISTED = 10;
const PROBLEMS: Readonly<Record<string, string>> = {
  HUB_UNREACHABLE: "(does not answer)",
  UNAUTHORIZED: "(refuses the token)",
};

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
        ...hubText(hub),
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

/** Where it is, what is wrong with it now, and what to do. */
function hubText(hub: WorkspaceStatus["hub"]): string[][] {
  if (hub === null) return [["hub", "none"]];
  const { url, problem } = hub;
  if (problem === null) return [["hub", url]];
  const what = PROBLEMS[problem.code] ?? `${problem.message} (${problem.code})`;
  return [["hub", `${url} ${what}`], ...(problem.hint === "" ? [] : [["", problem.hint]])];
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

import { resolve } from "node:path";
import { parseInvite } from "../../workspace/invite.ts";
import { linkFolder } from "../../workspace/join.ts";
import { Workspace } from "../../workspace/workspace.ts";
import type { Call, Outcome } from "../call.ts";
import { PHASES, Progress } from "../progress.ts";

export async function run(call: Call): Promise<Outcome> {
  const invite = parseInvite(call.arg(0));
  const folder = resolve(call.chosenFolder ?? call.cwd, call.args[1] ?? ".");
  const joined = await linkFolder(folder, invite, call.signal);
  await using workspace = new Workspace(joined, call.signal);
  using progress = new Progress(call, { label: "syncing" });
  const synced = await workspace.sync({
    onProgress: ({ phase, done, total }) => progress.update({ label: PHASES[phase], files: done, totalFiles: total }),
  });
  return {
    json: { folder, workspace: joined.record.id, name: joined.record.name, hub: joined.link.url, ...synced },
    text: () =>
      `${folder} is a copy of "${joined.record.name}" at ${joined.link.url} (${synced.pulled} in, ${synced.pushed} out)\n` +
      `Keep it in step with: holdfast up ${call.args[1] ?? ""}`.trimEnd(),
  };
}

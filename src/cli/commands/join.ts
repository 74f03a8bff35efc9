import { resolve } from "node:path";
import { shellWord } from "../../errors.ts";
import { countFiles } from "../../files/index.ts";
import { isPeerInvite } from "../../peers/workspace-key.ts";
import { runningDaemon } from "../../workspace/daemon-record.ts";
import { parseInvite } from "../../workspace/invite.ts";
import { linkFolder } from "../../workspace/join.ts";
import { Workspace } from "../../workspace/workspace.ts";
import type { Call, Outcome } from "../call.ts";
import { Progress, reachedOf } from "../progress.ts";
import { printable } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const folder = resolve(call.chosenFolder ?? call.cwd, call.args[1] ?? ".");
  if (isPeerInvite(call.arg(0))) {
    using _progress = new Progress(call, { label: "catching up" });
    const onNotice = (message: string): void => {
      if (!call.json) process.stderr.write(`${printable(`holdfast: ${message}`)}\n`);
    };
    // Loads what only a daemon needs.
    const { joinPeers } = await import("../../workspace/join-peers.ts");
    const result = await joinPeers(folder, call.arg(0), { signal: call.signal, onNotice });
    return {
      json: result,
      text: () =>
        `${folder} is a copy of "${result.name}" (peers: ${result.peers.length})\n` +
        `Keep it in step with: ${["holdfast", "up", upArgument(call, folder), "--peer"].filter(Boolean).join(" ")}`,
    };
  }
  const invite = parseInvite(call.arg(0));
  const joined = await linkFolder(folder, invite, call.signal);
  const { record, link } = joined;
  const joining = { folder, workspace: record.id, name: record.name, hub: link.url };
  await using workspace = new Workspace(joined, call.signal);
  const running = runningDaemon(joined.layout);
  if (running !== undefined) {
    const { pid } = running.owner;
    const { cursor } = await workspace.status();
    return {
      json: { ...joining, pulled: 0, pushed: 0, sequence: cursor, pid },
      text: () => `${folder} has another token for ${link.url}; process ${pid} goes on with it`,
    };
  }
  // In a copy that was one before, what lies there is its own.
  const found = joined.created ? await countFiles(folder, call.signal) : 0;
  if (found > 0 && !call.json) {
    // Before it is done: whoever meant another folder can end it, and what lies here is not changed by that.
    process.stderr.write(
      printable(`holdfast: ${filesText(found)} in ${folder} already: merged with what is at the hub, and sent there`) +
        "\n",
    );
  }
  using progress = new Progress(call, { label: "syncing" });
  const synced = await workspace.sync({
    onProgress: (reached) => progress.update(reachedOf(reached)),
  });
  return {
    json: { ...joining, found, ...synced },
    text: () =>
      `${folder} is a copy of "${record.name}" at ${link.url} (${synced.pulled} in, ${synced.pushed} out)\n` +
      (found === 0 ? "" : `What lay here before is merged into it and sent: ${filesText(found)}\n`) +
      `Keep it in step with: holdfast up ${upArgument(call, folder)}`.trimEnd(),
  };
}

/** The folder as one may name it where the command was given. */
function upArgument(call: Call, folder: string): string {
  const [, named] = call.args;
  return call.chosenFolder === undefined ? (named === undefined ? "" : shellWord(named)) : shellWord(folder);
}

function filesText(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}

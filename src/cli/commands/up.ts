import { resolve } from "node:path";
import { HoldfastError } from "../../errors.ts";
import type { ReplicateLimits } from "../../peers/adaptation.ts";
import { parseByteCount, parseReplicate } from "../../peers/replicate.ts";
import { Layout } from "../../store/index.ts";
import { type FolderEvent, startDaemon } from "../../workspace/daemon.ts";
import { daemonLog } from "../../workspace/daemon-record.ts";
import { startDetached, tellStarter, tellStarterProgress } from "../../workspace/detach.ts";
import type { PeeringOptions } from "../../workspace/peering.ts";
import type { Call, Outcome } from "../call.ts";
import { openDaemonLog } from "../daemon-log.ts";
import { writeStdout } from "../output.ts";
import { Progress, reachedOf } from "../progress.ts";
import { untilEnded } from "../until-ended.ts";
import { LineChooser } from "../worth-a-line.ts";

export function run(call: Call): Promise<Outcome | undefined> {
  return up(call, call.flag("peer"));
}

/** With `isPeer`, among peers. */
export async function up(call: Call, isPeer: boolean): Promise<Outcome | undefined> {
  const folder = upFolder(call);
  const [hub, port] = [call.text("hub"), call.integer("port", 0, 65_535)];
  const peers = peersWanted(call, isPeer);
  if (call.flag("detach")) {
    const options = [
      ...(hub === undefined ? [] : ["--hub", hub]),
      ...(port === undefined ? [] : ["--port", `${port}`]),
      ...(peers === undefined ? [] : ["--peer"]),
      ...(peers?.listen ?? []).flatMap((address) => ["--listen", address]),
      ...(peers?.bootstrap ?? []).flatMap((address) => ["--bootstrap", address]),
      ...(peers?.replicate === undefined ? [] : ["--replicate", `${peers.replicate}`]),
      ...(peers?.limits?.storageBytes === undefined ? [] : ["--storage-limit", `${peers.limits.storageBytes}`]),
      ...(peers?.limits?.load === undefined ? [] : ["--load-limit", `${peers.limits.load}`]),
    ];
    using progress = new Progress(call, { label: "starting" });
    const started = await startDetached(
      { folder, hub, bootstrap: peers?.bootstrap },
      ["up", folder, ...options],
      call.signal,
      (reached) => progress.update(reachedOf(reached)),
    );
    return { json: started, text: () => `${started.url}\n${folder} is kept by process ${started.pid}` };
  }
  try {
    await serve(call, folder, hub, port, peers);
  } catch (error) {
    await tellStarter({ error });
    throw error;
  }
  return undefined;
}

/** The folder named, or `-C`, or the nearest workspace, or this folder. */
function upFolder(call: Call): string {
  const [named] = call.args;
  if (named !== undefined) return resolve(call.chosenFolder ?? call.cwd, named);
  try {
    return call.folder();
  } catch {
    return call.cwd;
  }
}

/** Any of the options that only concern peers asks for them. */
function peersWanted(call: Call, isPeer: boolean): PeeringOptions | undefined {
  const [listen, bootstrap, replicate] = [call.list("listen"), call.list("bootstrap"), call.text("replicate")];
  const limits = limitsWanted(call);
  const isWanted = isPeer || listen.length + bootstrap.length > 0 || (replicate ?? limits) !== undefined;
  if (!isWanted) return undefined;
  if (limits !== undefined && (replicate ?? "auto") !== "auto") {
    throw new HoldfastError("BAD_OPTION", `--replicate ${replicate} holds what it says, whatever that takes`, {
      hint: "Limits are for --replicate auto.",
    });
  }
  return {
    ...(listen.length === 0 ? {} : { listen }),
    bootstrap,
    ...(replicate === undefined ? {} : { replicate: parseReplicate(replicate) }),
    ...(limits === undefined ? {} : { replicate: "auto", limits }),
  };
}

/** Undefined where none is set. */
function limitsWanted(call: Call): ReplicateLimits | undefined {
  const [storage, load] = [call.text("storageLimit"), call.text("loadLimit")];
  if (storage === undefined && load === undefined) return undefined;
  return {
    ...(storage === undefined ? {} : { storageBytes: parseByteCount(storage) }),
    ...(load === undefined ? {} : { load: parseLoad(load) }),
  };
}

function parseLoad(text: string): number {
  const load = Number(text);
  if (text.trim() !== "" && load > 0 && load <= 64) return load;
  throw new HoldfastError("BAD_OPTION", `"${text.slice(0, 40)}" is no part of a processor`, {
    hint: "Say a number such as 0.25: a quarter of one.",
  });
}

async function serve(
  call: Call,
  folder: string,
  hub: string | undefined,
  port: number | undefined,
  peers: PeeringOptions | undefined,
): Promise<void> {
  // What goes wrong before the folder is a workspace has nowhere to be logged: it is thrown.
  let log: ReturnType<typeof openDaemonLog> | undefined;
  const logTo = (): ReturnType<typeof openDaemonLog> => {
    log ??= openDaemonLog(daemonLog(new Layout(folder)));
    return log;
  };
  const lines = new LineChooser();
  const starting = new Progress(call, { label: "starting" });
  let isStarting = true;
  const tellProgress = (reached: FolderEvent & { readonly kind: "progress" }): void => {
    if (!isStarting) return;
    if (process.send === undefined) starting.update(reachedOf(reached));
    else tellStarterProgress(reached);
  };
  const daemon = await startDaemon(folder, {
    signal: call.signal,
    ...(hub === undefined ? {} : { hub }),
    ...(port === undefined ? {} : { port }),
    ...(peers === undefined ? {} : { peers }),
    onEvent: (event) => {
      if (lines.isWorthALine(event)) logTo().info(event);
      if (event.kind === "progress") tellProgress(event);
    },
    onError: (error) => logTo().error(error),
  }).finally(() => {
    isStarting = false;
    starting[Symbol.dispose]();
  });
  try {
    const { pid, url, folder: kept } = daemon.record;
    logTo().info({ kind: "up", pid, url });
    const ready = { pid, url, folder: kept };
    if (!(await tellStarter({ ready }))) {
      await writeStdout(call.json ? `${JSON.stringify(ready)}\n` : `${url}\n${kept} is kept in step; Ctrl-C ends it\n`);
    }
    await Promise.race([untilEnded(call.signal), daemon.lost]);
  } finally {
    await daemon.stop();
    logTo().info({ kind: "down" });
  }
}

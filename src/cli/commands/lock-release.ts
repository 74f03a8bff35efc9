import { forceRelease, lockPath, readLock } from "../../coordination/index.ts";
import { HoldfastError, NotFoundError } from "../../errors.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import type { Call, Outcome } from "../call.ts";

export async function run(call: Call): Promise<Outcome> {
  const scope = call.arg(0);
  const path = lockPath(openWorkspaceRecord(call.folder()).layout.locks, scope);
  const state = readLock(path);
  if (state.state === "free") {
    throw new NotFoundError(`nobody holds the lock ${scope}`, {
      hint: "`holdfast lock list` shows those that are held.",
    });
  }
  if (!call.flag("force")) {
    const holder = state.record === null ? "an unknown process" : `${state.record.holder}, pid ${state.record.pid}`;
    throw new HoldfastError("USAGE", `the lock ${scope} is held by ${holder}`, {
      hint: "A dead holder's lock is taken over without this. To take it from a live one, say --force: its write is then refused.",
    });
  }
  // By generation: if another has come to hold it meanwhile, that one is not hit.
  const released = forceRelease(path, state.generation);
  return {
    json: { scope, generation: state.generation, released },
    text: () => (released ? `released ${scope}` : `${scope} was given back meanwhile`),
  };
}

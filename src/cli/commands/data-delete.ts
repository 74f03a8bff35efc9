import { HoldfastError } from "../../errors.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { printable } from "../text.ts";
import { waitLine } from "../wait-line.ts";

export async function run(call: Call): Promise<Outcome> {
  return call.flag("all") ? deleteAll(call) : deleteOne(call);
}

async function deleteOne(call: Call): Promise<Outcome> {
  const [collection, version] = [call.text("in"), call.text("version")];
  const name = call.args[0];
  if (name === undefined) {
    throw usage("no artifact is named", "Name one; or all of a collection: `--all --in COLLECTION --force`.");
  }
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const result = await artifacts.delete(name, {
    ...(collection === undefined ? {} : { collection }),
    ...(version === undefined ? {} : { version }),
  });
  return {
    json: result,
    text: () => `deleted ${printable(result.name)}: ${versionsText(result.deleted)}`,
  };
}

async function deleteAll(call: Call): Promise<Outcome> {
  const collection = call.text("in");
  if (call.args[0] !== undefined || call.text("version") !== undefined) {
    throw usage("--all names everything, and something else is named too", "Leave out the name, or --all.");
  }
  if (collection === undefined) throw usage("--all is not told of which collection", "Add `--in COLLECTION`.");
  if (!call.flag("force")) {
    throw usage(`all of ${collection} would be removed for good`, "Add --force if that is meant. Nothing was removed.");
  }
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const result = await artifacts.deleteAll({ collection });
  return {
    json: result,
    text: () =>
      result.deleted.length === 0
        ? `there is nothing in ${printable(collection)}`
        : result.deleted
            .map(({ name, versions }) => `deleted ${printable(name)}: ${versionsText(versions)}`)
            .join("\n"),
  };
}

function versionsText(versions: readonly number[]): string {
  return `version${versions.length === 1 ? "" : "s"} ${versions.join(", ")}`;
}

function usage(message: string, hint: string): HoldfastError {
  return new HoldfastError("USAGE", message, { hint });
}

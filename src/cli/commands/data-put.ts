import { createReadStream, type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import { HoldfastError, NotFoundError, systemCode } from "../../errors.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { filePieces } from "../../store/read-content.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { isNamedPipe, namedPipePieces } from "../named-pipe.ts";
import { Progress } from "../progress.ts";
import { stdinPieces } from "../stdin.ts";
import { printable, sizeText } from "../text.ts";
import { waitLine } from "../wait-line.ts";

export async function run(call: Call): Promise<Outcome> {
  const [collection, type] = [call.text("in"), call.text("type")];
  const [keep, maxAge] = [call.text("keep"), call.text("maxAge")];
  const tags = tagsOf(call.list("tag"));
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const source = openSource(call);
  using progress = new Progress(call, { label: "saving", totalBytes: source.size });
  const result = await artifacts.put(call.arg(0), source.chunks, {
    ...(collection === undefined ? {} : { collection }),
    ...(type === undefined ? {} : { type }),
    ...(keep === undefined ? {} : { keep }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(call.flag("force") ? { takeOver: "allow" } : {}),
    tags,
    onProgress: (bytes) => progress.update({ bytes }),
  });
  return {
    json: result,
    text: () => `${printable(result.name)} version ${result.version}, ${sizeText(result.size)}, sha256 ${result.hash}`,
  };
}

interface Source {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes, where that is known beforehand. */
  readonly size: number | undefined;
}

function openSource(call: Call): Source {
  const file = call.args[1];
  if (file === undefined && process.stdin.isTTY) {
    throw new HoldfastError("USAGE", "there is nothing to save: no FILE, and nothing is piped in", {
      hint: "Name a file, or pipe the content: `date | holdfast data put NAME`.",
    });
  }
  if (file === undefined || file === "-") return { chunks: stdinPieces(call.signal), size: undefined };
  const path = resolve(call.cwd, file);
  const status = statusOf(path);
  if (status.isDirectory()) {
    throw new HoldfastError("USAGE", `${path} is a folder; one version is the content of one file`, {
      hint: "Name a file. `holdfast up` keeps whole folders.",
    });
  }
  if (isNamedPipe(path)) return { chunks: namedPipePieces(path, call.signal), size: undefined };
  if (status.isFile()) return { chunks: filePieces(path), size: status.size };
  return { chunks: createReadStream(path, { signal: call.signal }), size: undefined };
}

function statusOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR") throw error;
    throw new NotFoundError(`there is no file ${path}`, { hint: "Check its name.", cause: error });
  }
}

function tagsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new HoldfastError("USAGE", `--tag ${JSON.stringify(pair)} is not KEY=VALUE`, {
        hint: "For example: --tag owner=ann --tag kind=report",
      });
    }),
  );
}

// Where the content of a command comes from: a file, a named pipe, or what is piped in.

import { createReadStream, type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import { HoldfastError, NotFoundError, systemCode } from "../errors.ts";
import { filePieces } from "../store/read-content.ts";
import type { Call } from "./call.ts";
import { isNamedPipe, namedPipePieces } from "./named-pipe.ts";
import { stdinPieces } from "./stdin.ts";

export interface Source {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes, where that is known beforehand. */
  readonly size: number | undefined;
}

/** Opens the argument `file`, or stdin. `missing`: what to do where there is neither, of what. */
export function openSource(call: Call, file: string | undefined, missing: { what: string; hint: string }): Source {
  if (file === undefined && process.stdin.isTTY) {
    throw new HoldfastError("USAGE", `there is nothing to ${missing.what}: no FILE, and nothing is piped in`, {
      hint: missing.hint,
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

// Named pipes (FIFOs) as files of a command line. Opening one waits for the other end, in a thread that no signal ends:
// a command would be told to stop, and could not even exit. So they are opened without waiting, and asked again.

import { closeSync, constants, lstatSync, openSync, readSync, realpathSync } from "node:fs";
import { Socket } from "node:net";
import { sleep } from "../coordination/index.ts";
import { systemCode } from "../errors.ts";
import { socketPieces } from "./stdin.ts";

const ASK_EVERY_MS = 20;
const PIECE_BYTES = 64 * 1_024;

/** True for a pipe that has a name; those of `<(command)` have none, and have their other end already. */
export function isNamedPipe(path: string): boolean {
  try {
    return lstatSync(realpathSync(path)).isFIFO();
  } catch {
    return false;
  }
}

/** What is written to it, from its first writer to its last. Ends with the signal's reason when that fires. */
export async function* namedPipePieces(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let isHandedOver = false;
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    let bytes = readNow(fd, piece);
    // Nothing, and not "nothing yet": no writer has come.
    while (bytes === 0) {
      await sleep(ASK_EVERY_MS, signal);
      bytes = readNow(fd, piece);
    }
    if (bytes !== undefined) yield piece.subarray(0, bytes);
    isHandedOver = true;
    yield* socketPieces(fd, signal);
  } finally {
    if (!isHandedOver) closeSync(fd);
  }
}

/** Undefined: a writer is there, and has written nothing yet. */
function readNow(fd: number, piece: Buffer): number | undefined {
  try {
    return readSync(fd, piece);
  } catch (error) {
    if (systemCode(error) === "EAGAIN") return undefined;
    throw error;
  }
}

/** Writes `chunks` to it, once it has a reader. */
export async function writeNamedPipe(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const fd = await openForReader(path, signal);
  const socket = new Socket({ fd, readable: false, writable: true });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // told at the next write
  const onAbort = (): void => failed.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.on("error", failed.reject);
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      const written = new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
      await Promise.race([written, failed.promise]);
    }
    await Promise.race([new Promise<void>((resolve) => socket.end(resolve)), failed.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}

async function openForReader(path: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (systemCode(error) !== "ENXIO") throw error; // nobody reads it yet
    }
    await sleep(ASK_EVERY_MS, signal);
  }
}

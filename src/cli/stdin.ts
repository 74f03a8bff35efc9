// What is piped in, in pieces that share one buffer: each is to be used up before the next is asked for. A stream of
// Node's would allocate every piece anew, and garbage of 64 MiB gathers before it is collected.

import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { addAbortSignal } from "node:stream";

const PIECE_BYTES = 256 * 1_024;

/** Ends with the signal's reason when that fires, also while nothing comes. */
export function stdinPieces(signal: AbortSignal): AsyncIterable<Uint8Array> {
  const status = fstatSync(0);
  if (status.isFIFO() || status.isSocket()) return socketPieces(0, signal);
  return addAbortSignal(signal, process.stdin);
}

/** What comes through the pipe or socket `fd`, which is closed at the end. Ends with the signal's reason when that fires. */
export async function* socketPieces(fd: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let piece = newPiece();
  const socket = new Socket({
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer: Buffer.allocUnsafeSlow(PIECE_BYTES),
      callback: (length, buffer) => {
        piece.resolve(buffer.subarray(0, length));
        return false; // nothing more until this piece is used up
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  const onAbort = (): void => piece.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.on("error", (error) => piece.reject(error));
  socket.on("end", () => piece.resolve(undefined));
  socket.on("close", () => piece.resolve(undefined));
  try {
    signal.throwIfAborted();
    for (;;) {
      socket.resume();
      const next = await piece.promise;
      if (next === undefined) return;
      // A piece that comes while this one is used would overwrite it; none does until `resume`.
      piece = newPiece();
      yield next;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}

/** What comes next. Its failure may come while the last piece is still in use, and is told when it is asked for. */
function newPiece(): PromiseWithResolvers<Uint8Array | undefined> {
  const piece = Promise.withResolvers<Uint8Array | undefined>();
  piece.promise.catch(() => {});
  return piece;
}

// Frames on a stream of bytes: four bytes of length, then the frame.

import { HoldfastError } from "../errors.ts";
import { MAX_FRAME_BYTES } from "./transport.ts";

const HEADER_BYTES = 4;

export function framed(frame: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + frame.length);
  bytes.writeUInt32BE(frame.length, 0);
  bytes.set(frame, HEADER_BYTES);
  return bytes;
}

/** The frames in `chunks`, however these are cut. Throws `BAD_MESSAGE` at one that is too long, before its bytes are kept. */
export async function* framesIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array[] = [];
  let bytes = 0;
  let wanted: number | undefined;
  for await (const chunk of chunks) {
    kept.push(chunk);
    bytes += chunk.length;
    for (;;) {
      if (wanted === undefined) {
        if (bytes < HEADER_BYTES) break;
        const all = Buffer.concat(kept);
        wanted = all.readUInt32BE(0);
        if (wanted > MAX_FRAME_BYTES) {
          throw new HoldfastError("BAD_MESSAGE", `a peer sent a frame of ${wanted} bytes, over ${MAX_FRAME_BYTES}`, {
            hint: "Its connection was closed. That peer runs another version of Holdfast, or is none.",
          });
        }
        kept = [all.subarray(HEADER_BYTES)];
        bytes -= HEADER_BYTES;
      }
      if (bytes < wanted) break;
      const all = kept.length === 1 ? (kept[0] as Uint8Array) : Buffer.concat(kept);
      yield all.subarray(0, wanted);
      kept = [all.subarray(wanted)];
      bytes -= wanted;
      wanted = undefined;
    }
  }
}

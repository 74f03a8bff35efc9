// Frames on a stream of bytes: four bytes of length, then the frame.

import { HoldfastError } from "../errors.ts";
import { MAX_FRAME_BYTES } from "./transport.ts";

export const HEADER_BYTES = 4;

export function framed(frame: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + frame.length);
  bytes.writeUInt32BE(frame.length, 0);
  bytes.set(frame, HEADER_BYTES);
  return bytes;
}

/** The frames in `chunks`, however these are cut; each byte is copied once at the most. Throws `BAD_MESSAGE` at one that is empty or too
 *  long, before its bytes are kept. */
export async function* framesIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let header = Buffer.alloc(0);
  let frame: Buffer | undefined;
  let filled = 0;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      if (frame === undefined) {
        const wanted = HEADER_BYTES - header.length;
        header = Buffer.concat([header, chunk.subarray(at, at + wanted)]);
        at += wanted;
        if (header.length < HEADER_BYTES) break;
        const length = header.readUInt32BE(0);
        if (length === 0 || length > MAX_FRAME_BYTES) throw badLength(length);
        header = Buffer.alloc(0);
        // Whole in this chunk, as a rule.
        if (at + length <= chunk.length) {
          yield chunk.subarray(at, at + length);
          at += length;
          continue;
        }
        frame = Buffer.allocUnsafe(length);
        filled = 0;
      }
      const part = chunk.subarray(at, at + frame.length - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < frame.length) break;
      yield frame;
      frame = undefined;
    }
  }
}

function badLength(length: number): HoldfastError {
  return new HoldfastError(
    "BAD_MESSAGE",
    `a peer sent a frame of ${length} bytes, which is none, or over ${MAX_FRAME_BYTES}`,
    {
      hint: "Its connection was closed. That peer runs another version of Holdfast, or is none.",
    },
  );
}

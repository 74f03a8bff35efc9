// Contents too large to travel with their entries: fetched piece by piece from whoever holds them, several pieces at a time, hashed as
// they come, and only taken in whole.

import type { Author } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Calls } from "./calls.ts";
import type { Holdings, Received } from "./holdings.ts";
import { PIECE_BYTES } from "./messages.ts";

/** Pieces asked for ahead of the one that is written. */
const AHEAD = 4;

export interface ContentsParts {
  readonly holdings: Holdings;
  readonly calls: Calls;
  /** Others who may hold it. */
  readonly holders: (received: Received) => readonly Author[];
}

export class Contents {
  private readonly parts: ContentsParts;
  constructor(parts: ContentsParts) {
    this.parts = parts;
  }

  /** `received` with its content, fetched from `peer` or from others where it has not come along. Throws `CONTENT_MISSING`,
   *  `VERIFY_FAILED`, `DISK_FULL`. */
  async complete(peer: Author, received: Received): Promise<Received> {
    const { entry, content } = received;
    const { holdings, holders } = this.parts;
    if (content !== undefined || entry.content === null || holdings.hasContent(entry)) return received;
    const { hash, size } = entry.content;
    const from = [peer, ...holders(received).filter((other) => other !== peer)];
    const staged = await holdings.stage(hash, size, this.pieces(from, hash, size));
    return { entry, content: staged };
  }

  /** In order. Each piece is asked of one holder after the other, beginning with another one each time. */
  private async *pieces(from: readonly Author[], hash: string, size: number): AsyncGenerator<Uint8Array> {
    const asked: Promise<Uint8Array>[] = [];
    const count = Math.ceil(size / PIECE_BYTES);
    for (let index = 0; index < count + AHEAD; index += 1) {
      if (index < count) {
        const piece = this.piece(from, index, hash, size);
        piece.catch(() => {}); // told when its turn comes; nobody asks for it when one before it fails
        asked.push(piece);
      }
      if (index >= AHEAD || index >= count) {
        const next = asked.shift();
        if (next !== undefined) yield await next;
      }
    }
  }

  private async piece(from: readonly Author[], index: number, hash: string, size: number): Promise<Uint8Array> {
    const offset = index * PIECE_BYTES;
    const length = Math.min(PIECE_BYTES, size - offset);
    let failure: unknown;
    for (let tried = 0; tried < from.length; tried += 1) {
      const holder = from[(index + tried) % from.length] as Author;
      try {
        const { bytes } = await this.parts.calls.ask(holder, { call: "piece", hash, offset, length });
        if (bytes?.length === length) return bytes;
      } catch (error) {
        failure = error;
      }
    }
    throw new HoldfastError("CONTENT_MISSING", `no peer that can be reached has the content ${hash}`, {
      hint: "It is fetched when a peer that holds it is there.",
      cause: failure,
    });
  }
}

// A workspace's key. Whoever has it may take part; whoever has not learns nothing, not even the workspace's name: what is said on the
// network is a topic made from the key, from which neither can be found (PEER-36).

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Author } from "../entries/index.ts";
import { assert } from "../errors.ts";

const KEY_BYTES = 32;
const TOPIC_BYTES = 16;

/** What a workspace is called on the network: 32 lower-case hex digits. */
export type Topic = string;

export class TopicKey {
  readonly topic: Topic;
  private readonly key: Uint8Array;

  constructor(key: Uint8Array) {
    assert(key.length === KEY_BYTES, "a workspace's key has 32 bytes");
    this.key = key;
    this.topic = this.mac("holdfast topic 1").subarray(0, TOPIC_BYTES).toString("hex");
  }

  static random(): Uint8Array {
    return randomBytes(KEY_BYTES);
  }

  /** 32 bytes by which `sender` shows `receiver` that it has the key. Of no use to anybody else: the transport knows who sends. */
  proof(sender: Author, receiver: Author): Uint8Array {
    return this.mac(`holdfast member 1\0${sender}\0${receiver}`);
  }

  isProof(proof: Uint8Array, sender: Author, receiver: Author): boolean {
    const expected = this.proof(sender, receiver);
    return proof.length === expected.length && timingSafeEqual(proof, expected);
  }

  private mac(what: string): Buffer {
    return createHmac("sha256", this.key).update(what).digest();
  }
}

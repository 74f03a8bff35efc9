// Questions to other peers, and their answers. A question or an answer that was lost is sent again; every call may therefore come
// twice, and each is such that twice is as good as once.

import type { Author } from "../entries/index.ts";
import { type ErrorCode, HoldfastError, toHoldfastError } from "../errors.ts";
import type { Call, Message, Result, ResultOf } from "./messages.ts";
import type { Time } from "./time.ts";

/** How long an answer is waited for before the question is asked again, ms. */
const ANSWER_MS = 5_000;
const TRIES = 4;
/** Questions that may be open at once: more wait for nobody, they are refused. */
const MAX_OPEN = 10_000;

export interface CallParts {
  readonly time: Time;
  readonly random: () => number;
  /** False when it cannot be sent now. */
  readonly send: (peer: Author, message: Message) => boolean;
  readonly topic: string;
}

interface Open {
  readonly peer: Author;
  readonly kind: Call["call"];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: HoldfastError) => void;
}

export class Calls {
  private readonly parts: CallParts;
  private readonly open = new Map<number, Open>();
  private next: number;
  private isClosed = false;

  constructor(parts: CallParts) {
    this.parts = parts;
    // An answer to a question of before our restart is of no question of ours.
    this.next = Math.floor(parts.random() * 2 ** 48);
  }

  /** Throws `PEER_UNREACHABLE`, or what the other side refused with. */
  async ask<C extends Call>(peer: Author, call: C): Promise<ResultOf<C["call"]>> {
    if (this.isClosed) throw unreachable(peer, "the log was closed");
    if (this.open.size >= MAX_OPEN) throw unreachable(peer, "too much is asked of peers at once");
    const id = this.next;
    this.next += 1;
    const answered = Promise.withResolvers<Result>();
    this.open.set(id, { peer, kind: call.call, resolve: answered.resolve, reject: answered.reject });
    let callOff = (): void => {};
    const attempt = (tried: number): void => {
      if (tried === TRIES) {
        answered.reject(unreachable(peer, `it did not answer ${TRIES} times`));
        return;
      }
      this.parts.send(peer, { t: "call", topic: this.parts.topic, id, call });
      callOff = this.parts.time.after(ANSWER_MS, () => attempt(tried + 1));
    };
    attempt(0);
    try {
      return (await answered.promise) as ResultOf<C["call"]>;
    } finally {
      callOff();
      this.open.delete(id);
    }
  }

  /** Only the peer that was asked can answer, and only what was asked. */
  onAnswer(peer: Author, { id, result }: Extract<Message, { t: "answer" }>): void {
    const open = this.open.get(id);
    if (open === undefined || open.peer !== peer) return;
    if ("error" in result) {
      open.reject(
        new HoldfastError("PEER_REFUSED", `the peer ${peer} refused: ${result.error.message}`, {
          details: { peer, code: result.error.code },
        }),
      );
    } else if (result.call === open.kind) open.resolve(result);
  }

  /** Nothing more comes from `peer`. */
  giveUp(peer: Author): void {
    for (const open of this.open.values()) if (open.peer === peer) open.reject(unreachable(peer, "it is gone"));
  }

  /** Nothing more is asked, and no answer waited for. */
  close(): void {
    this.isClosed = true;
    for (const open of this.open.values()) open.reject(unreachable(open.peer, "the log was closed"));
  }
}

export function unreachable(peer: Author, why: string): HoldfastError {
  return new HoldfastError("PEER_UNREACHABLE", `the peer ${peer} cannot be reached: ${why}`, {
    hint: "Nothing is lost: what it lacks, or we lack of it, is exchanged when it is there again.",
    details: { peer },
  });
}

/** A failure as it is told to the peer that asked. */
export function refusal(error: unknown): { code: ErrorCode; message: string } {
  const { code, message } = toHoldfastError(error);
  return { code, message: message.slice(0, 4_096) };
}

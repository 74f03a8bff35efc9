// What a program does is settled by what it was told: told the same again, it says the same. So what it said is kept, in
// a tree over what it was told, and its thread is asked only where the tree ends. Most runs differ from earlier ones in
// the order of processes and not in what each of them gets to see; then no thread runs at all.

import type { Answer, Command } from "./thread-protocol.ts";

/** Beyond so many, the tree is begun anew. */
const MAX_NODES = 300_000;

export class Behaviour {
  readonly answer: Answer | undefined;
  readonly next = new Map<string, Behaviour>();
  constructor(answer: Answer | undefined) {
    this.answer = answer;
  }
}

/** All that is known of one process. */
export class Behaviours {
  #root = new Behaviour(undefined);
  #nodes = 0;

  get root(): Behaviour {
    return this.#root;
  }
  add(after: Behaviour, told: string, answer: Answer): Behaviour {
    if (++this.#nodes > MAX_NODES) {
      this.#root = new Behaviour(undefined);
      this.#nodes = 0;
    }
    const node = new Behaviour(answer);
    after.next.set(told, node);
    return node;
  }
}

/** A text that is the same for commands that a program cannot tell apart. */
export function textOf(command: Command): string {
  if (command.do !== "settle") return JSON.stringify(command);
  const { token, timeMs, faultCode, fault, result } = command;
  const start = `${token} ${timeMs} `;
  if (faultCode !== undefined) return `${start}! ${faultCode}`;
  if (fault !== undefined) return `${start}? ${JSON.stringify(fault, bytesAsText)}`;
  if (result === undefined) return start;
  if (typeof result === "number") return `${start}# ${result}`;
  if (result instanceof Uint8Array) return `${start}* ${latin1(result)}`;
  return `${start}= ${JSON.stringify(result, bytesAsText)}`;
}

/** Whether a program said the same as before; stacks may differ. */
export function sameAnswer(a: Answer, b: Answer): boolean {
  return a === b || JSON.stringify(a, withoutStacks) === JSON.stringify(b, withoutStacks);
}

function bytesAsText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `bytes ${latin1(value)}` : value;
}
function withoutStacks(key: string, value: unknown): unknown {
  return key === "stack" ? undefined : bytesAsText(key, value);
}
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

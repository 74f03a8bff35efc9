// `replay --step`: the steps of a run, one at each key on a terminal, all at once elsewhere.

import { writeStdout } from "../output.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const STOP = new Set(["q", "Q", CTRL_D]);
/** One key as a raw terminal sends it: arrows and their like come as several characters. */
const KEY = /^(?:\u001b\[[0-9;]*[A-Za-z~]|\u001bO.|.)/su;
const HINT = "Enter: next step   q: stop";

/** Prints the lines; returns early when it is told to stop. Rejects with the reason of the signal. */
export async function stepThrough(lines: Iterable<string>, signal: AbortSignal): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    for (const line of lines) await writeStdout(`${line}\n`);
    return writeStdout("\n");
  }
  await writeStdout(`${HINT}\n\n`);
  using keys = new Keys(signal);
  for (const line of lines) {
    await writeStdout(`${line}\n`);
    if (STOP.has(await keys.next())) break;
  }
  await writeStdout("\n");
}

/** The keys of a terminal, which is raw until it is disposed of. */
class Keys implements Disposable {
  private typed = "";
  private isOver = false;
  private readonly signal: AbortSignal;
  private wake: () => void = () => {};

  constructor(signal: AbortSignal) {
    this.signal = signal;
    process.stdin.setRawMode(true).setEncoding("utf8").on("data", this.onData).on("end", this.onEnd);
    signal.addEventListener("abort", this.onAbort);
  }

  /** Ctrl-D when nothing will be typed any more. */
  async next(): Promise<string> {
    while (this.typed === "" && !this.isOver && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.signal.throwIfAborted();
    const [key = CTRL_D] = KEY.exec(this.typed) ?? [];
    this.typed = this.typed.slice(key.length);
    return key;
  }

  [Symbol.dispose](): void {
    this.signal.removeEventListener("abort", this.onAbort);
    process.stdin.off("data", this.onData).off("end", this.onEnd).setRawMode(false).pause();
  }

  private readonly onData = (text: string): void => {
    // A raw terminal sends no signals: the key has to be one.
    if (text.includes(CTRL_C)) process.kill(process.pid, "SIGINT");
    else this.typed += text;
    this.wake();
  };
  private readonly onEnd = (): void => {
    this.isOver = true;
    this.wake();
  };
  private readonly onAbort = (): void => this.wake();
}

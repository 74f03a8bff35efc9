// Where a long command tells how far it is: on stderr, one line that rewrites itself on a terminal, plain lines every few
// seconds elsewhere, nothing in the first second.

const FIRST_AFTER_MS = 1_000;
const TERMINAL_EVERY_MS = 200;
const PLAIN_EVERY_MS = 3_000;

/** Where the lines go: stderr, or a stand-in. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class StatusLine implements Disposable {
  private readonly output: ProgressOutput | undefined;
  private nextMs: number;
  private widest = 0;

  /** Without an output it tells nothing. */
  constructor(output: ProgressOutput | undefined, nowMs: number) {
    this.output = output;
    this.nextMs = nowMs + FIRST_AFTER_MS;
  }

  /** Shows the line, which is made only if it is time for one. */
  tell(nowMs: number, line: () => string): void {
    if (this.output === undefined || nowMs < this.nextMs) return;
    this.nextMs = nowMs + (this.output.isTTY ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS);
    const text = line();
    if (this.output.isTTY) {
      this.widest = Math.max(this.widest, text.length);
      this.output.write(`\r${text.padEnd(this.widest)}`);
    } else {
      this.output.write(`${text}\n`);
    }
  }

  /** Wipes the line that it left on a terminal. */
  [Symbol.dispose](): void {
    if (this.widest > 0) this.output?.write(`\r${" ".repeat(this.widest)}\r`);
    this.widest = 0;
  }
}

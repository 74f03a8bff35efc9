// Starts and drives `lock-process.ts` from tests.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ProcessEvent {
  readonly event: string;
  readonly [fact: string]: unknown;
}

const PROGRAM = fileURLToPath(new URL("./lock-process.ts", import.meta.url));
const PATIENCE_MS = 20_000;

/** A running lock process. Ends with the test at the latest: `await using` kills it. */
export class LockProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly events: ProcessEvent[] = [];
  stderr = "";
  #changed: () => void = () => {};
  #exited = false;

  /** `within`: the words that it is started with, `strace` for example. */
  constructor(command: string, path: string, options: object = {}, within: readonly string[] = []) {
    const words = [...within, process.execPath, PROGRAM, command, path, JSON.stringify(options)];
    this.child = spawn(words[0] ?? "", words.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += String(chunk);
      if (within.length === 0) process.stderr.write(chunk);
    });
    this.child.stdin?.on("error", () => {}); // it may be dead already
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on("line", (line) => {
        this.events.push(JSON.parse(line) as ProcessEvent);
        this.#changed();
      });
    }
    this.child.on("close", () => {
      this.#exited = true;
      this.#changed();
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  say(word: string): void {
    this.child.stdin?.write(`${word}\n`);
  }

  /** The first event of this name, when it has come. */
  async event(name: string): Promise<ProcessEvent> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = this.events.find((event) => event.event === name);
      if (found !== undefined) return found;
      if (this.#exited || deadline.aborted)
        throw new Error(`no "${name}" from ${this.pid}: ${JSON.stringify(this.events)}`);
      await this.#change(deadline);
    }
  }

  async exit(): Promise<void> {
    if (!this.#exited) await once(this.child, "close", { signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.child.kill(signal);
    await this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#exited) await this.kill();
  }

  async #change(deadline: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#changed = resolve;
      deadline.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/** A directory that is removed at the end of the test. */
export class TempDir implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "holdfast-"));
  at(...names: string[]): string {
    return join(this.path, ...names);
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Waits until `condition` holds; fails with `what` when it does not within the patience of a test. */
export async function until(condition: () => boolean, what: string, limitMs = PATIENCE_MS): Promise<void> {
  const startedMs = performance.now();
  while (!condition()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

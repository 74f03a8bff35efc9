// Runs the command line as people do: bin/holdfast in a process of its own.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../../bin/holdfast", import.meta.url));
const PATIENCE_MS = 30_000;

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, byte for byte. */
  readonly bytes: Buffer;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** The words that the command is started with: as another user, or where other disks are mounted. */
  readonly within?: readonly string[];
}

/** A command under way. */
export class Running implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = "";
  stderr = "";
  private changed: () => void = () => {};

  constructor(args: readonly string[], options: RunOptions = {}, stdin: "pipe" | "ignore" = "pipe") {
    const [program = BIN, ...words] = [...(options.within ?? []), BIN, ...args];
    this.child = spawn(program, words, {
      cwd: options.cwd ?? tmpdir(),
      env: { ...process.env, ...options.env },
      stdio: [stdin, "pipe", "pipe"],
    });
    const chunks: Buffer[] = [];
    this.child.stdout?.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      this.stdout += String(chunk);
      this.changed();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += String(chunk);
      this.changed();
    });
    this.child.stdin?.on("error", () => {}); // it may have ended without reading
    this.finished = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr, bytes: Buffer.concat(chunks) });
        this.changed();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The first line on stdout, when it has come. */
  async firstLine(): Promise<string> {
    await this.until(() => this.stdout.includes("\n"), "a line on stdout");
    return this.stdout.slice(0, this.stdout.indexOf("\n"));
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      const ended = this.child.exitCode !== null || this.child.signalCode !== null;
      if (ended || performance.now() > deadline) {
        throw new Error(`${what} never came; stdout: ${this.stdout} stderr: ${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.changed = resolve;
        setTimeout(resolve, 20);
      });
    }
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<Finished> {
    this.child.kill(signal);
    return this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.finished;
  }
}

/** Runs `holdfast ARGS` to its end. stdin is no terminal. */
export async function holdfast(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const running = new Running(args, options);
  running.child.stdin?.end(options.input ?? "");
  return running.finished;
}

/** Runs it with `--json` and returns the one document that it must have printed. */
export async function holdfastJson<T = Record<string, unknown>>(
  args: readonly string[],
  options: RunOptions = {},
): Promise<T> {
  const done = await holdfast(["--json", ...args], options);
  assert.equal(done.code, 0, `holdfast ${args.join(" ")}: ${done.stderr}`);
  return oneDocument(done.stdout) as T;
}

/** Runs it with `--json`, expects it to fail, and returns its error document and exit code. */
export async function holdfastFailure(
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ error: string; code: string; hint: string; details?: Record<string, unknown>; exitCode: number }> {
  const done = await holdfast(["--json", ...args], options);
  assert.notEqual(done.code, 0, `holdfast ${args.join(" ")} did not fail: ${done.stdout}`);
  assert.equal(done.stdout, "", "a failure prints nothing on stdout");
  const document = oneDocument(done.stderr) as { error: string; code: string; hint: string };
  return { ...document, exitCode: done.code ?? -1 };
}

/** Parses `text` as exactly one JSON document on a line of its own. */
export function oneDocument(text: string): unknown {
  assert.match(text, /^[^\n]+\n$/, "exactly one line");
  return JSON.parse(text);
}

/** A folder that is removed at the end of the test. */
export class TestFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  at(...names: string[]): string {
    return join(this.path, ...names);
  }
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.at(name), content);
    return this.at(name);
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The project's folder. */
export const PROJECT = dirname(dirname(BIN));

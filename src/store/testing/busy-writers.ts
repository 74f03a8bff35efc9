// Processes that save and delete in a workspace until they are ended.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./write-and-delete.ts", import.meta.url));

export interface ToldChange {
  readonly name: string;
  readonly version?: number;
  readonly deleted?: number[];
}

export class BusyWriters implements AsyncDisposable {
  private readonly children: ChildProcess[];
  private readonly told: string[];

  constructor(folder: string, names: readonly string[]) {
    this.told = names.map(() => "");
    this.children = names.map((name, index) => {
      const child = spawn(process.execPath, [PROGRAM, folder, name], { stdio: ["ignore", "pipe", "inherit"] });
      child.stdout?.on("data", (chunk: Buffer) => {
        this.told[index] += String(chunk);
      });
      return child;
    });
  }

  /** What they have told, in each one's order. */
  get changes(): ToldChange[] {
    const lines = this.told.flatMap((text) => text.split("\n").slice(0, -1));
    return lines.map((line) => JSON.parse(line) as ToldChange);
  }

  /** When one of them has made another change. */
  async change(): Promise<void> {
    await Promise.race(this.children.map((child) => (child.stdout === null ? undefined : once(child.stdout, "data"))));
  }

  /** Kills them at once, wherever they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.children.map((child) => once(child, "close"));
    for (const child of this.children) child.kill("SIGKILL");
    await Promise.all(ended);
  }
}

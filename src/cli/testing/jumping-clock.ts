// A wall clock that can be set ahead and back, for processes that are started with its environment.

import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { TestFolder } from "./holdfast.ts";

export class JumpingClock {
  readonly env: NodeJS.ProcessEnv;
  private readonly file: string;

  constructor(folder: TestFolder) {
    this.file = folder.write("clock", "0");
    const preload = folder.write("clock.mjs", preloaded(this.file));
    this.env = { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` };
  }

  /** From now on it is so far ahead of the time there is, ms; back, where that is negative. */
  jump(ms: number): void {
    writeFileSync(this.file, `${ms}`);
  }
}

function preloaded(file: string): string {
  return `import { readFileSync } from "node:fs";
const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(${JSON.stringify(file)}, "utf8"));
globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};
`;
}

// A workspace in a folder of its own, and the data verbs on it as different processes would have them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Artifacts } from "../../workspace/artifacts.ts";
import { initWorkspaceRecord } from "../make-workspace.ts";

export class TemporaryStore implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
  private readonly opened: Artifacts[] = [];

  /** Each is what another process would have. */
  artifacts(signal?: AbortSignal): Artifacts {
    const artifacts = new Artifacts(initWorkspaceRecord(this.folder), signal);
    this.opened.push(artifacts);
    return artifacts;
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** A path inside data/. */
  data(...names: string[]): string {
    return this.at(".holdfast/data", ...names);
  }

  [Symbol.dispose](): void {
    for (const artifacts of this.opened) artifacts[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Disks of a test's own: mounted where only the test's commands see them, and gone with the test.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";

/** The reason why no disk can be mounted here, for `skip`; false where it can. */
export const cannotMount: string | false =
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0
    ? false
    : "mounting needs Linux and root";

/** Starts a command as a user who owns nothing; needs root. */
export const AS_NOBODY: readonly string[] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** The reason why no command can be run as another user here, for `skip`; false where it can. */
export const cannotBeNobody: string | false =
  spawnSync("setpriv", [...AS_NOBODY.slice(1), "true"]).status === 0
    ? false
    : "being another user needs Linux and root";

/** A place where other disks are mounted. */
export class Mounts implements AsyncDisposable {
  /** What a command is started with to see them (`RunOptions.within`). */
  readonly within: readonly string[];
  private readonly keeper: ChildProcess;

  private constructor(keeper: ChildProcess) {
    this.keeper = keeper;
    this.within = ["nsenter", "-t", `${keeper.pid}`, "-m"];
  }

  /** Runs `script` (sh) where mounting changes nothing outside, and keeps what it mounted. */
  static async make(script: string): Promise<Mounts> {
    const keeper = spawn("unshare", ["-m", "--propagation", "private", "sh", "-ec", `${script}\necho ready; exec cat`]);
    let said = "";
    keeper.stderr.on("data", (chunk: Buffer) => {
      said += String(chunk);
    });
    const isReady = await new Promise<boolean>((resolve) => {
      keeper.stdout.once("data", () => resolve(true));
      keeper.once("close", () => resolve(false));
    });
    if (!isReady) throw new Error(`not mounted: ${said}`);
    return new Mounts(keeper);
  }

  /** Runs a command there to its end and returns what it printed. Throws when it fails. */
  run(command: string, ...args: string[]): string {
    const [program = "", ...words] = [...this.within, command, ...args];
    const done = spawnSync(program, words, { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.keeper.once("close", resolve));
    this.keeper.stdin?.end();
    await closed;
  }
}

/** `path` as it is, but read-only. */
export function readOnly(path: string): Promise<Mounts> {
  return Mounts.make(`mount --bind '${path}' '${path}'; mount -o remount,ro,bind '${path}'`);
}

/** An empty disk of `kib` KiB at `path`. */
export function smallDisk(path: string, kib: number): Promise<Mounts> {
  return Mounts.make(`mount -t tmpfs -o size=${kib}k none '${path}'`);
}

// A disk without hard links, for tests: the real kernel's calls made to fail, by strace.

import { spawnSync } from "node:child_process";

const NO_LINKS = ["-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EPERM"];

/** What a command is started with to see no hard links. */
export const WITHOUT_LINKS: readonly string[] = ["strace", "-f", "-qq", "-o", "/dev/null", ...NO_LINKS];

/** Clean-up never works: nothing can be removed. */
export const WITHOUT_REMOVAL: readonly string[] = [
  ...["strace", "-f", "-qq", "-o", "/dev/null"],
  ...["-e", "trace=unlink,unlinkat,rmdir", "-e", "inject=unlink,unlinkat,rmdir:error=EROFS"],
];

/** Why that cannot be had here, for `skip`; false where it can. */
export const cannotTrace: string | false =
  spawnSync("strace", [...WITHOUT_LINKS.slice(1), "true"]).status === 0 ? false : "needs strace, and leave to trace";

// Peerbit's side: its shared log as its own documents show it, in a process of its own, with the machine's Node: one of its parts is built
// for that when it is installed. Kept in the system's folder for temporary files from one run to the next.

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSIONS = ["peerbit@5.3.22", "@peerbit/program", "@peerbit/shared-log@13.2.27"];
const HOME = join(tmpdir(), "holdfast-bench-peerbit-5.3.22");
/** Each of its programs takes two minutes here, when it ends. */
const PROGRAM_MS = 300_000;
const ATTEMPTS = 4;
const PROGRAMS = fileURLToPath(new URL("peerbit/", import.meta.url));
const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What `program` of the folder peerbit/ prints. Undefined when it cannot be installed, or does not run here. */
export function measurePeerbit<T>(program: string, sizes: object, say: (message: string) => void): T | undefined {
  const data = mkdtempSync(join(tmpdir(), "holdfast-bench-peerbit-data-"));
  try {
    install(say);
    // Beside what it imports.
    for (const file of readdirSync(PROGRAMS)) copyFileSync(join(PROGRAMS, file), join(HOME, file));
    const out = attempt(program, data, sizes, say);
    const line = out.split("\n").findLast((each) => each.startsWith("{"));
    say(`peerbit: ${line}`);
    return JSON.parse(line ?? "") as T;
  } catch (error) {
    say(`peerbit: ${String(error).slice(0, 400)}`);
    return undefined;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Now and then two of its nodes do not find each other, and the program never ends: then it is run again. */
function attempt(program: string, data: string, sizes: object, say: (message: string) => void): string {
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    try {
      return run("node", [join(HOME, program), join(data, `${left}`), JSON.stringify(sizes)], PROGRAM_MS);
    } catch (error) {
      if (left === 0) throw error;
      say(`peerbit: ${program} did not end; once more`);
    }
  }
}

function install(say: (message: string) => void): void {
  if (existsSync(join(HOME, "ready"))) return;
  say("peerbit: being installed");
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, "package.json"), "{}");
  run("npm", ["install", "--ignore-scripts", ...VERSIONS]);
  run("npm", ["rebuild", "better-sqlite3"]);
  writeFileSync(join(HOME, "ready"), "");
}

/** Not with the project's own Node, for which nothing can be built here. */
function run(program: string, args: readonly string[], timeoutMs = 900_000): string {
  const path = (process.env.PATH ?? "").split(":").filter((dir) => !dir.startsWith(PROJECT));
  return execFileSync(program, args, {
    cwd: HOME,
    encoding: "utf8",
    env: { ...process.env, PATH: path.join(":") },
    maxBuffer: 64 * 1_024 * 1_024,
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

// Appends beside hypercore, the log of the Holepunch stack, installed for the run from npm: one writer's log without versions, names or
// files, and it does not flush.

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openWorkspace } from "../../src/index.ts";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { measureAppends } from "./holdfast-pair.ts";

const VERSION = "hypercore@10.38.2";
const HOME = join(tmpdir(), "holdfast-bench-hypercore-10.38.2");

export async function hypercoreFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const count = isQuick ? 200 : 1_000;
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-hypercore-"));
  await using workspace = await openWorkspace(join(root, "ours"), {
    peers: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
  });
  const ours = await measureAppends(workspace, count);
  const theirs = measure(join(root, "theirs"), count, say);
  const note = "hypercore could not be installed here";
  const aim = { atLeast: 1 };
  return [
    { figure: "appends one at a time", ours: ours.one, peer: VERSION, theirs: theirs?.one, unit: "/s", aim, note },
    { figure: "a hundred at once", ours: ours.hundred, peer: VERSION, theirs: theirs?.hundred, unit: "/s", note },
  ];
}

function measure(
  data: string,
  count: number,
  say: (message: string) => void,
): { one: number; hundred: number } | undefined {
  try {
    if (!existsSync(join(HOME, "ready"))) {
      mkdirSync(HOME, { recursive: true });
      writeFileSync(join(HOME, "package.json"), "{}");
      execFileSync("npm", ["install", "--ignore-scripts", VERSION], { cwd: HOME, stdio: "ignore", timeout: 300_000 });
      writeFileSync(join(HOME, "ready"), "");
    }
    const program = join(HOME, "append.mjs");
    copyFileSync(fileURLToPath(new URL("hypercore/append.mjs", import.meta.url)), program);
    const out = execFileSync(process.execPath, [program, data, `${count}`], { encoding: "utf8", timeout: 300_000 });
    say(`hypercore: ${out.trim()}`);
    return JSON.parse(out) as { one: number; hundred: number };
  } catch (error) {
    say(`hypercore: ${String(error).slice(0, 400)}`);
    return undefined;
  }
}

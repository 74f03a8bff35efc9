// Peerbit's side: its shared log as its own documents show it, in a process of its own, with the machine's Node: one of its parts is built
// for that when it is installed. Kept in the system's folder for temporary files from one run to the next.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PairFigures, PairSizes } from "./pair-sizes.ts";

const VERSIONS = ["peerbit@5.3.22", "@peerbit/program", "@peerbit/shared-log@13.2.27"];
const HOME = join(tmpdir(), "holdfast-bench-peerbit-5.3.22");
const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Undefined when it cannot be installed, or does not run here. */
export async function measurePeerbit(
  sizes: PairSizes,
  say: (message: string) => void,
): Promise<PairFigures | undefined> {
  const data = mkdtempSync(join(tmpdir(), "holdfast-bench-peerbit-data-"));
  try {
    install(say);
    const program = join(HOME, "pair.mjs");
    writeFileSync(program, PAIR);
    const out = run("node", [program, data, JSON.stringify(sizes)]);
    const line = out.split("\n").findLast((each) => each.startsWith("{"));
    const figures = JSON.parse(line ?? "") as PairFigures;
    say(`peerbit: ${figures.appends.toFixed(0)} appends a second, ${figures.sustained.toFixed(0)} to both`);
    return figures;
  } catch (error) {
    say(`peerbit: ${String(error).slice(0, 400)}`);
    return undefined;
  } finally {
    rmSync(data, { recursive: true, force: true });
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
function run(program: string, args: readonly string[]): string {
  const path = (process.env.PATH ?? "").split(":").filter((dir) => !dir.startsWith(PROJECT));
  return execFileSync(program, args, {
    cwd: HOME,
    encoding: "utf8",
    env: { ...process.env, PATH: path.join(":") },
    maxBuffer: 64 * 1_024 * 1_024,
    timeout: 900_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const PAIR = `
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const { Peerbit } = await import("peerbit");
const { SharedLog } = await import("@peerbit/shared-log");
const { Program } = await import("@peerbit/program");
const { field, variant } = await import("@dao-xyz/borsh");
const [data, text] = process.argv.slice(2);
const sizes = JSON.parse(text);
class Store extends Program {
  constructor() { super(); this.log = new SharedLog(); }
  async open(args) { await this.log.open({ replicate: { factor: 1 }, replicas: { min: 2 }, ...args }); }
}
variant("bench-store")(Store);
field({ type: SharedLog })(Store.prototype, "log");
const value = () => crypto.getRandomValues(new Uint8Array(256));
const append = (store) => store.log.append(value(), { meta: { next: [] } });
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (isSo) => { while (!isSo()) await later(2); };
const perSecond = async (count, work) => { const t = performance.now(); await work(); return (count / (performance.now() - t)) * 1000; };
const node = (name) => Peerbit.create({ directory: data + "/" + name });
const percentile = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

const a = await node("a");
const sa = await a.open(new Store());
const appends = await perSecond(sizes.appends, async () => { for (let i = 0; i < sizes.appends; i++) await append(sa); });
const b = await node("b");
await b.dial(a.getMultiaddrs());
const sb = await b.open(sa.clone());
await until(() => sb.log.log.length >= sizes.appends);
const times = [];
for (let i = 0; i < sizes.visible; i++) {
  const before = sb.log.log.length;
  const t = performance.now();
  await append(sa);
  while (sb.log.log.length === before) await new Promise((resolve) => setImmediate(resolve));
  times.push(performance.now() - t);
}
const start = sb.log.log.length;
const sustained = await perSecond(sizes.sustained, async () => {
  for (let i = 0; i < sizes.sustained; i++) await append(sa);
  await until(() => sb.log.log.length >= start + sizes.sustained);
});
await b.stop();
await a.stop();
const cold = [];
for (const count of sizes.cold) {
  const c = await node("c" + count);
  const sc = await c.open(new Store());
  for (let i = 0; i < count; i++) await append(sc);
  cold.push(await perSecond(count, async () => {
    const d = await node("d" + count);
    await d.dial(c.getMultiaddrs());
    const sd = await d.open(sc.clone());
    await until(() => sd.log.log.length >= count);
    setTimeout(() => d.stop(), 0);
  }));
  await c.stop();
}
console.log(JSON.stringify({ appends, sustained, visibleMedianMs: percentile(times, 0.5), visibleP99Ms: percentile(times, 0.99), cold }));
process.exit(0);
`;

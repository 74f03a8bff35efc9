// What the programs of this folder share: Peerbit's shared log as its own documents show it.

Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((a, b) => {
    resolve = a;
    reject = b;
  });
  return { promise, resolve, reject };
};
const { Peerbit } = await import("peerbit");
const { SharedLog } = await import("@peerbit/shared-log");
const { Program } = await import("@peerbit/program");
const { field, variant } = await import("@dao-xyz/borsh");
const [data, text] = process.argv.slice(2);
export const sizes = JSON.parse(text);
export class Store extends Program {
  constructor() {
    super();
    this.log = new SharedLog();
  }
  async open(args) {
    await this.log.open({ replicate: { factor: 1 }, replicas: { min: 2 }, ...args });
  }
}
variant("bench-store")(Store);
field({ type: SharedLog })(Store.prototype, "log");
const value = () => crypto.getRandomValues(new Uint8Array(256));
export const append = (store) => store.log.append(value(), { meta: { next: [] } });
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Ends the process when it takes too long: now and then two nodes do not find each other, and never will. */
export const until = async (isSo, limitMs = 60_000) => {
  const lateMs = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > lateMs) process.exit(3);
    await later(2);
  }
};
export const perSecond = async (count, work) => {
  const t = performance.now();
  await work();
  return (count / (performance.now() - t)) * 1000;
};
export const node = (name) => Peerbit.create({ directory: `${data}/${name}` });
export const percentile = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

// Two nodes of one process: `node pair.mjs DATA SIZES` prints one line of JSON.

import { append, node, percentile, perSecond, Store, sizes, until } from "./shared.mjs";

const a = await node("a");
const sa = await a.open(new Store());
const appends = await perSecond(sizes.appends, async () => {
  for (let i = 0; i < sizes.appends; i++) await append(sa);
});
const b = await node("b");
await b.dial(a.getMultiaddrs());
const sb = await b.open(sa.clone());
await until(() => sb.log.log.length >= sizes.appends);
const times = [];
for (let i = 0; i < sizes.visible; i++) {
  const before = sb.log.log.length;
  const t = performance.now();
  await append(sa);
  const lateMs = t + 20_000;
  while (sb.log.log.length === before) {
    if (performance.now() > lateMs) process.exit(3);
    await new Promise((resolve) => setImmediate(resolve));
  }
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
  const c = await node(`c${count}`);
  const sc = await c.open(new Store());
  for (let i = 0; i < count; i++) await append(sc);
  cold.push(
    await perSecond(count, async () => {
      const d = await node(`d${count}`);
      await d.dial(c.getMultiaddrs());
      const sd = await d.open(sc.clone());
      // Some of its first syncs take a minute and a half.
      await until(() => sd.log.log.length >= count, 200_000);
      setTimeout(() => d.stop(), 0);
    }),
  );
  await c.stop();
}
console.log(
  JSON.stringify({
    appends,
    sustained,
    visibleMedianMs: percentile(times, 0.5),
    visibleP99Ms: percentile(times, 0.99),
    cold,
  }),
);
process.exit(0);

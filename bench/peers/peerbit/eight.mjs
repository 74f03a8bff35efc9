// Eight nodes of one process that hold everything: `node eight.mjs DATA {"entries": N}` prints one line of JSON.

import { append, node, perSecond, Store, sizes, until } from "./shared.mjs";

const nodes = [await node("0")];
const store = await nodes[0].open(new Store());
const stores = [store];
for (let i = 1; i < 8; i++) {
  const one = await node(`${i}`);
  for (const other of nodes) await one.dial(other.getMultiaddrs());
  nodes.push(one);
  stores.push(await one.open(store.clone()));
}
const replicators = async () =>
  (await Promise.all(stores.map((one) => one.log.getReplicators()))).map(({ size }) => size);
const start = performance.now();
while ((await replicators()).some((count) => count < 8)) {
  if (performance.now() - start > 60_000) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const rate = await perSecond(sizes.entries, async () => {
  for (let i = 0; i < sizes.entries; i++) await append(store);
  await until(() => stores.every((one) => one.log.log.length >= sizes.entries));
});
console.log(JSON.stringify({ rate }));
process.exit(0);

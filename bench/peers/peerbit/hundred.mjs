// Two nodes of one process, a hundred appends at once: `node hundred.mjs DATA SIZES` prints one line of JSON. What was appended so does not
// always come to the other node, however long one waits: then there is no figure for that.

import { append, node, perSecond, Store, sizes, until } from "./shared.mjs";

const PATIENCE_MS = 30_000;
const byHundreds = async (store, count) => {
  for (let i = 0; i < count; i += 100) await Promise.all(Array.from({ length: 100 }, () => append(store)));
};

const a = await node("a");
const sa = await a.open(new Store());
const appendsOfHundred = await perSecond(sizes.appends, () => byHundreds(sa, sizes.appends));
const c = await node("c");
const sc = await c.open(new Store());
const d = await node("d");
await d.dial(c.getMultiaddrs());
const sd = await d.open(sc.clone());
await append(sc);
const isThere = () => sd.log.log.length >= 1 + sizes.sustained;
const rate = await perSecond(sizes.sustained, async () => {
  await byHundreds(sc, sizes.sustained);
  const lateMs = performance.now() + PATIENCE_MS;
  await until(() => isThere() || performance.now() > lateMs);
});
console.log(
  JSON.stringify({
    appendsOfHundred,
    sustainedOfHundred: isThere() ? rate : null,
    arrivedOfHundred: sd.log.log.length - 1,
  }),
);
process.exit(0);

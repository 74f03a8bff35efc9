// hypercore on disk: `node append.mjs DATA COUNT` prints one line of JSON. It does not flush what it appends.

import { randomBytes } from "node:crypto";
import Hypercore from "hypercore";

const [data, text] = process.argv.slice(2);
const count = Number(text);
const core = new Hypercore(data);
await core.ready();
const perSecond = async (work) => {
  const startedMs = performance.now();
  await work();
  return (count / (performance.now() - startedMs)) * 1_000;
};
const one = await perSecond(async () => {
  for (let index = 0; index < count; index += 1) await core.append(randomBytes(256));
});
const hundred = await perSecond(async () => {
  for (let index = 0; index < count; index += 100)
    await core.append(Array.from({ length: 100 }, () => randomBytes(256)));
});
await core.close();
console.log(JSON.stringify({ one, hundred }));

// What came from a peer, and was acknowledged to it: cut off at any effect, by a kill or by a power loss, it is there whole
// afterwards, or was not acknowledged.

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { race } from "holdfast/explorer";
import { makeEntry, newIdentity, readEntry } from "../../entries/index.ts";
import { found, tell, told, withStore, workspaceWith } from "../../store/races/saved.ts";
import { withUnlockedStore } from "../../store/races/unlocked-store.ts";
import { StoreHoldings } from "../store-holdings.ts";

const NAME = "notes/theirs";
const TEXT = "of a peer";
const BLOCK = "/block";

async function setup(): Promise<void> {
  await workspaceWith("old");
  const { identity } = newIdentity();
  const content = { hash: hash("sha256", TEXT), size: TEXT.length, type: "text/plain" };
  const body = { collection: "data", name: NAME, kind: "put", content, parents: [], tags: {} } as const;
  const entry = makeEntry({ ...body, clock: { wallMs: 1, counter: 0 }, key: { writer: "w", n: 1 } }, identity);
  writeFileSync(BLOCK, entry.block);
}

function scenario(use: typeof withStore) {
  return {
    setup,
    processes: {
      peer: async () => {
        const entry = readEntry(readFileSync(BLOCK));
        await use((store) => new StoreHoldings(store).add([{ entry, content: Buffer.from(TEXT) }]));
        tell("taken");
      },
    },
    check: async () => {
      const entry = readEntry(readFileSync(BLOCK));
      const texts = await withStore(async (store) => [...(await found(store, NAME)).values()]);
      assert.ok(texts.length === 1 || !told("taken"), "what was acknowledged is there");
      if (texts.length > 0) assert.deepEqual(texts, [TEXT]);
      // It comes once more, from whoever was not told: once is enough.
      await withStore(async (store) => {
        const holdings = new StoreHoldings(store);
        if (!holdings.has(entry.id)) await holdings.add([{ entry, content: Buffer.from(TEXT) }]);
        assert.deepEqual([...(await found(store, NAME)).values()], [TEXT]);
      });
    },
    restart: "never",
  } as const;
}

export const killed = race({ ...scenario(withStore), crashes: 1 });
export const powerLoss = race({ ...scenario(withUnlockedStore), powerLoss: true });

// Saves that stand in the journal and have no rows in the catalog yet, while others list, save and delete, or the saver is killed:
// whoever lists finds what was acknowledged, and at the end the list says what lies on disk.

import assert from "node:assert/strict";
import { race } from "holdfast/explorer";
import { DEFAULT_COLLECTION } from "../../entries/index.ts";
import type { Store } from "../store.ts";
import { found, goesOn, lines, NAME, remove, save, tellSaved, toldOf, withStore, workspaceWith } from "./saved.ts";

const OTHER = "other";

/** One after the other, by one process that goes on: no rows are made in between. */
async function saveEach(store: Store, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const { version } = await store.put(NAME, text);
    tellSaved(version, text);
  }
}

function acknowledged(): number {
  return [toldOf(2, "two"), toldOf(3, "three")].lastIndexOf(true) + 2;
}

const saver = () => withStore((store) => saveEach(store, ["two", "three"]));

export const besideLister = race({
  setup: () => workspaceWith("one"),
  processes: {
    saver,
    lister: () =>
      withStore(async (store) => {
        for (let look = 0; look < 2; look += 1) {
          const least = acknowledged();
          const [listed] = await store.list();
          assert.ok(
            (listed?.version ?? 0) >= least,
            `version ${listed?.version} is listed, and ${least} was acknowledged`,
          );
        }
      }),
  },
  check: async () => {
    assert.deepEqual(await withStore((store) => lines(store)), ["1 one", "2 two", "3 three"]);
    assert.deepEqual(await arrived(), [1, 2, 3]);
  },
});

/** Each version has come once, in order. */
async function arrived(): Promise<number[]> {
  return withStore(async (store) => {
    await store.settlePending();
    const catalog = await store.readyCatalog();
    return catalog.arrivalRows(0, 100).map(({ version }) => version ?? 0);
  });
}

export const besideSaver = race({
  setup: () => workspaceWith("one"),
  processes: { saver, other: () => save("other", OTHER) },
  check: async () => {
    const all = await withStore(async (store) => [await lines(store), await lines(store, OTHER)]);
    assert.deepEqual(all, [["1 one", "2 two", "3 three"], ["1 other"]]);
    assert.equal((await arrived()).length, 4);
  },
});

export const besideDeleter = race({
  setup: () => workspaceWith("one"),
  processes: { saver, deleter: () => remove() },
  check: async () => {
    const texts = await withStore(async (store) => {
      const unsettled = [...(await found(store)).values()];
      await store.settlePending();
      assert.deepEqual([...(await found(store)).values()], unsettled);
      return unsettled;
    });
    assert.deepEqual(texts, ["two", "three"].slice(2 - texts.length), "what was saved after the delete is there");
    await goesOn(texts.length);
  },
});

/** Two that are saved as one, and whoever saves them is killed: one of them may be there, and is listed then. */
export const togetherKilled = race({
  setup: () => workspaceWith("one"),
  processes: {
    saver: () =>
      withStore(async (store) => {
        await Promise.all([store.put(NAME, "two"), store.put(OTHER, "two")]);
      }),
  },
  check: async () => {
    await withStore(async (store) => {
      await found(store);
      await found(store, OTHER);
      await store.put("third", "x", { collection: DEFAULT_COLLECTION });
      await found(store);
      await found(store, OTHER);
    });
  },
  crashes: 1,
  restart: "never",
});

export const killed = race({
  setup: () => workspaceWith("one"),
  processes: { saver },
  check: async () => {
    const least = acknowledged();
    const texts = await withStore(found);
    assert.ok(texts.size >= least, "what was acknowledged is there");
    assert.deepEqual((await arrived()).length, texts.size);
    await goesOn(texts.size);
  },
  crashes: 1,
  restart: "never",
});

// Announcements, subscriptions and the opening of the log, in every order.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { announce, B, beat, C, scene, subscribe, TURN, unsubscribe } from "./told-in-any-order.ts";

/** What the user heard, and what holds at the end. */
interface End {
  readonly heard: readonly string[];
  /** Numbers of the segments of each peer that counts. */
  readonly held: Readonly<Record<string, readonly number[]>>;
}

async function keep(end: End): Promise<void> {
  await writeFile("/end", JSON.stringify(end));
}

function readEnd(text: string): End {
  return JSON.parse(text) as End;
}

function heldBy(log: {
  readonly segments: readonly { readonly owner: string; readonly id: string }[];
}): Record<string, number[]> {
  const held: Record<string, number[]> = {};
  for (const { owner, id } of log.segments) held[owner] = [...(held[owner] ?? []), Number(id)].sort();
  return held;
}

const setup = (): Promise<void> => writeFile(TURN, "");

/** Two announcements of one peer and the answer to a request come together, while the log is opened: one join, and the newest counts. */
export const together = race({
  isolate: false,
  setup,
  processes: {
    a: async () => {
      const { network, open, heard } = await scene();
      const opening = open();
      await network.deliver(B, subscribe(B, 1));
      await Promise.all([
        opening,
        network.deliver(B, announce(B, 1, 1, 1)),
        network.deliver(B, announce(B, 1, 1, 1)),
        network.deliver(B, announce(B, 1, 2, 2)),
      ]);
      await keep({ heard, held: heldBy(await opening) });
    },
  },
  check: async () => {
    const { heard, held } = readEnd(await readFile("/end", "utf8"));
    assert.equal(heard.filter((what) => what === "join").length, 1, `one join: ${heard.join(", ")}`);
    assert.ok(!heard.includes("leave"), "nobody left");
    assert.deepEqual(held, { [B]: [2] });
  },
});

/** A peer unsubscribes and comes back, while the log is opened: what is late of its first subscription changes nothing. */
export const again = race({
  isolate: false,
  setup,
  processes: {
    a: async () => {
      const { network, open, heard, node } = await scene();
      const opening = open();
      const told = Promise.all([
        network.deliver(B, subscribe(B, 1)),
        network.deliver(B, announce(B, 1, 1, 1)),
        network.deliver(B, unsubscribe(1)),
        network.deliver(B, subscribe(B, 2)),
        network.deliver(B, announce(B, 2, 1, 2)),
      ]);
      const log = await opening;
      await told;
      // Its next beat says what it has announced; what was lost of that is asked for.
      await network.deliver(B, beat(2, 1));
      if (network.said.some(({ message }) => message.t === "announce?")) await network.deliver(B, announce(B, 2, 1, 2));
      assert.deepEqual(node.subscribers(log.topic), [B]);
      await keep({ heard, held: heldBy(log) });
    },
  },
  check: async () => {
    const { heard, held } = readEnd(await readFile("/end", "utf8"));
    const turns = heard.filter((what) => what !== "change");
    for (const [index, what] of turns.entries()) {
      assert.equal(what, index % 2 === 0 ? "join" : "leave", `they take turns: ${heard.join(", ")}`);
    }
    assert.equal(turns.at(-1), "join", "it is here");
    assert.deepEqual(held, { [B]: [2] });
  },
});

/** A peer comes, says what it holds, and leaves, while the log is opened: in whatever order that is heard, it is not here. */
export const gone = race({
  isolate: false,
  setup,
  processes: {
    a: async () => {
      const { network, open, heard } = await scene();
      const opening = open();
      const told = async (): Promise<void> => {
        await network.deliver(B, subscribe(B, 1));
        await Promise.all([network.deliver(B, announce(B, 1, 1, 1)), network.deliver(B, unsubscribe(1))]);
      };
      await Promise.all([opening, told()]);
      await keep({ heard, held: heldBy(await opening) });
    },
  },
  check: async () => {
    const { heard, held } = readEnd(await readFile("/end", "utf8"));
    assert.deepEqual(held, {});
    assert.ok(heard.length === 0 || heard.join() === "join,leave", heard.join());
  },
});

/** Three peers: two others come at once, and one of them leaves. They do not wait for each other, nor take each other's place. */
export const three = race({
  isolate: false,
  setup,
  processes: {
    a: async () => {
      const { network, open, heard } = await scene();
      const opening = open();
      const of = async (peer: string): Promise<void> => {
        await network.deliver(peer, subscribe(peer, 1));
        await network.deliver(peer, announce(peer, 1, 1, 1));
        if (peer === C) await network.deliver(peer, unsubscribe(1));
      };
      await Promise.all([opening, of(B), of(C)]);
      await keep({ heard, held: heldBy(await opening) });
    },
  },
  check: async () => {
    const { heard, held } = readEnd(await readFile("/end", "utf8"));
    assert.deepEqual(held, { [B]: [1] });
    const [joins, leaves] = ["join", "leave"].map((what) => heard.filter((each) => each === what).length);
    assert.equal((joins ?? 0) - (leaves ?? 0), 1, heard.join(", "));
    assert.ok((joins ?? 0) <= 2);
  },
});

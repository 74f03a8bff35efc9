// An entry is let go only while as many as are to hold it say that they do, and are still to hold it.

import assert from "node:assert/strict";
import { access, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { type Entry, makeEntry, newIdentity } from "../../entries/index.ts";
import { encodeMessage } from "../messages.ts";
import { announce, B, C, KEY, scene, subscribe, TURN, unsubscribe } from "./told-in-any-order.ts";

const PRUNE_AFTER_MS = 2_000;

function theirs(): Entry {
  const { identity } = newIdentity();
  const key = { writer: "w", n: 1 };
  const clock = { wallMs: 1, counter: 0 };
  return makeEntry(
    {
      collection: "data",
      name: "theirs",
      kind: "put",
      content: { hash: "00".repeat(32), size: 0, type: "text/plain" },
      parents: [],
      clock,
      tags: {},
      key,
    },
    identity,
  );
}

/** Both say that they hold it; one of them stops being a leader meanwhile, or leaves. */
function whileOne(change: "stops" | "leaves") {
  return race({
    isolate: false,
    setup: () => writeFile(TURN, ""),
    processes: {
      a: async () => {
        const { network, time, holdings, open } = await scene();
        const entry = theirs();
        holdings.entries.set(entry.id, entry);
        const log = await open();
        const confirmed = new Set<string>();
        const evictions: { leaders: number; confirmed: boolean }[] = [];
        holdings.onEvict = () => {
          const leaders = [...log.leadersOf(entry)];
          evictions.push({ leaders: leaders.length, confirmed: leaders.every((peer) => confirmed.has(peer)) });
        };
        for (const peer of [B, C]) {
          network.events?.onFrame(peer, encodeMessage(subscribe(peer, 1)));
          network.events?.onFrame(peer, encodeMessage(announce(peer, 1, 1, 1)));
        }
        time.ring(0);
        assert.deepEqual([...log.leadersOf(entry)].sort(), [B, C], "both are to hold it");
        const answers: Promise<void>[] = [];
        network.onSaid = (to, message) => {
          if (message.t !== "call" || message.call.call !== "hold") return;
          const result = { call: "hold" as const, places: message.call.places, gone: [] };
          confirmed.add(to);
          answers.push(network.deliver(to, { t: "answer", topic: KEY.topic, id: message.id, result }));
        };
        time.ring(PRUNE_AFTER_MS);
        assert.equal(answers.length, 2, "both are asked");
        const changing = network.deliver(C, change === "stops" ? announce(C, 1, 2) : unsubscribe(1));
        await Promise.all([...answers, changing]);
        await access(TURN);
        for (const eviction of evictions) assert.deepEqual(eviction, { leaders: 2, confirmed: true });
      },
    },
    check: () => {},
  });
}

export const stops = whileOne("stops");
export const leaves = whileOne("leaves");

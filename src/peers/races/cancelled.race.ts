// A subscription that is taken back, while somebody connects and asks: it is as if it had never been, or was told and taken back.

import assert from "node:assert/strict";
import { access, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { DEBOUNCE_MS, Subscriptions } from "../subscriptions.ts";
import { B, KEY, SELF, StoppedTime, subscribe, TURN } from "./told-in-any-order.ts";

export default race({
  isolate: false,
  setup: () => writeFile(TURN, ""),
  processes: {
    a: async () => {
      const time = new StoppedTime();
      const said: string[] = [];
      const events: string[] = [];
      const own = new Subscriptions({
        self: SELF,
        time,
        connected: () => [B],
        send: (_to, message) => said.push(message.t),
        events: { onSubscribed: () => events.push("on"), onUnsubscribed: () => events.push("off") },
      });
      const step = async (work: () => unknown): Promise<void> => {
        await access(TURN);
        work();
      };
      own.subscribe(KEY, 1);
      await Promise.all([
        step(() => own.unsubscribe(KEY.topic)),
        step(() => time.ring(DEBOUNCE_MS)),
        step(() => {
          const message = subscribe(B, 1);
          if (message.t === "subscribe") own.onSubscribe(B, { ...message, ask: true });
        }),
      ]);
      time.ring(DEBOUNCE_MS);
      assert.deepEqual([own.topics, own.pending, own.tracked], [[], 0, 0], "nothing is left");
      assert.equal(said.filter((what) => what === "unsubscribe").length, said.includes("subscribe") ? 1 : 0);
      assert.equal(said.at(-1) ?? "unsubscribe", "unsubscribe", "who was told hears of the end");
      own.close();
    },
  },
  check: () => {},
});

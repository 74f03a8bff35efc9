// Processes that call each other.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { type RaceOptions, race, serve } from "holdfast/explorer";

const HUB = "http://hub";
const forget = (): undefined => undefined;

/** Adds what it is told to, and closes when it has been told to so often. */
async function counter(closeAfter: number, options: { byKey?: boolean } = {}): Promise<void> {
  const keys = new Set<string>();
  let [sum, adds] = [0, 0];
  const server = await serve(HUB, async (request) => {
    if (request.method === "POST") {
      const key = request.headers.get("idempotency-key") ?? "";
      if (options.byKey !== true || !keys.has(key)) sum += Number(await request.text());
      keys.add(key);
      adds += 1;
    }
    const response = Response.json({ sum }, { status: request.method === "POST" ? 201 : 200 });
    if (adds === closeAfter) await server.close();
    return response;
  });
}
/** The server is there at some time. */
async function call(path: string, init: RequestInit = {}): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      return await fetch(HUB + path, init);
    } catch (error) {
      if (tries > 1 || causeOf(error) !== "ECONNREFUSED") throw error;
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    }
  }
}
const add = (amount: number, key = String(amount)) =>
  call("/add", { method: "POST", body: String(amount), headers: { "idempotency-key": key } });
function causeOf(error: unknown): string | undefined {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
}

/** One call, both ways, with all that belongs to it. */
export const roundTrip = race({
  name: "roundTrip",
  processes: {
    server: async () => {
      const server = await serve("http://hub:8080/", async (request) => {
        assert.equal(request.url, "http://hub:8080/path?query=1");
        assert.equal(request.method, "PUT");
        assert.equal(request.headers.get("x-mine"), "1");
        assert.equal(request.headers.get("host"), "hub:8080");
        assert.deepEqual(await request.json(), { a: [1] });
        await server.close();
        return new Response(new Uint8Array([0, 255]), { status: 203, statusText: "Hm", headers: { "x-yours": "2" } });
      });
      assert.equal(server.origin, "http://hub:8080");
    },
    client: async () => {
      const init = { method: "PUT", body: JSON.stringify({ a: [1] }), headers: { "x-mine": "1" } };
      let response: Response;
      try {
        response = await fetch(new URL("http://hub:8080/path?query=1#hash"), init);
      } catch (error) {
        // Nobody has begun to serve, or the server is already closed.
        assert.equal((error as Error).message, "fetch failed");
        assert.equal(causeOf(error), "ECONNREFUSED");
        process.kill(1010, "SIGKILL");
        return;
      }
      assert.deepEqual([...(await response.bytes())], [0, 255]);
      assert.deepEqual([response.status, response.statusText, response.ok], [203, "Hm", true]);
      assert.deepEqual([response.headers.get("x-yours"), response.url], ["2", "http://hub:8080/path?query=1"]);
    },
  },
});

/** Two calls may arrive in any order: the first to be sent is not the first to be handled. */
export const anyOrder = race({
  name: "anyOrder",
  processes: {
    both: async () => {
      const order: string[] = [];
      await serve(HUB, async (request) => {
        order.push(new URL(request.url).pathname);
        return new Response();
      });
      await Promise.all([fetch(`${HUB}/1`), fetch(`${HUB}/2`)]);
      assert.deepEqual(order, ["/1", "/2"]);
    },
  },
});

/** A server that is not closed waits on, and answers the check. */
export const idleServer = race({
  name: "idleServer",
  processes: { server: () => counter(0), a: () => add(1), b: () => add(2) },
  check: async () => assert.deepEqual(await (await fetch(`${HUB}/sum`)).json(), { sum: 3 }),
});
function faulty(name: string, options: RaceOptions, byKey: boolean, client: () => Promise<unknown>) {
  return race({
    name,
    ...options,
    processes: { server: () => counter(0, { byKey }), client },
    check: async () => assert.deepEqual(await (await fetch(`${HUB}/sum`)).json(), { sum: 5 }),
  });
}
const once = () => add(5).catch(forget);
/** Tries again when no answer comes, or the connection breaks. */
async function untilAnswered(): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    const init = { method: "POST", body: "5", headers: { "idempotency-key": "k" }, signal: AbortSignal.timeout(5000) };
    const response = await call("/add", init).catch((error: Error) => {
      assert.match(error.name + causeOf(error), /^TimeoutErrorundefined$|^TypeErrorECONNRESET$/);
    });
    if (response?.status === 201) return;
  }
  assert.fail("no answer after three tries");
}
export const doubled = faulty("doubled", { network: { double: 1 } }, false, once);
export const doubledWithKey = faulty("doubledWithKey", { network: { double: 1 } }, true, once);
export const dropped = faulty("dropped", { network: { drop: 1 } }, false, untilAnswered);
export const droppedWithKey = faulty("droppedWithKey", { network: { drop: 1 } }, true, untilAnswered);
export const delayed = faulty("delayed", { network: { delay: 1 } }, false, untilAnswered);
export const delayedWithKey = faulty("delayedWithKey", { network: { delay: 1 } }, true, untilAnswered);
export const reset = faulty("reset", { network: { reset: 1 } }, false, untilAnswered);
export const resetWithKey = faulty("resetWithKey", { network: { reset: 1 } }, true, untilAnswered);
export const parted = faulty("parted", { network: { partition: 1 } }, false, untilAnswered);
export const noFault = faulty("noFault", {}, false, untilAnswered);
/** Whose answer was lost hears nothing of it when the server closes later, as nothing comes of a call that was answered. */
export const droppedThenClosed = race({
  name: "droppedThenClosed",
  network: { drop: 1 },
  processes: {
    server: async () => {
      const server = await serve(HUB, () => {
        setTimeout(() => void server.close(), 1000);
        return new Response("done");
      });
    },
    client: async () => {
      const how = await fetch(HUB, { signal: AbortSignal.timeout(60_000) }).then(
        () => "answered",
        (error: Error) => causeOf(error) ?? error.name,
      );
      assert.match(how, /^(answered|ECONNREFUSED|TimeoutError)$/);
    },
  },
});
/** Nothing that was dropped comes back by itself. */
export const droppedForGood = faulty("droppedForGood", { network: { drop: 1 } }, false, () => add(5));

/** A server that dies breaks off the calls that it has. */
export const serverDies = race({
  name: "serverDies",
  crashes: 1,
  restart: "never",
  processes: {
    server: async () => {
      await serve(HUB, async () => {
        await writeFile("/handled", "");
        return new Response("done");
      });
    },
    client: async () => {
      const how = await fetch(HUB).then(() => "answered", causeOf);
      await writeFile("/how", String(how));
    },
  },
  check: async () => {
    const how = await readFile("/how", "utf8").catch(() => "client died");
    assert.match(how, /^(answered|ECONNREFUSED|ECONNRESET|client died|)$/);
    if (how === "answered") await readFile("/handled");
  },
});
/** It may have done what it was asked to. */
export const serverDiesLate = race({
  ...serverDies,
  name: "serverDiesLate",
  check: async () => {
    const handled = await readFile("/handled").then(
      () => true,
      () => false,
    );
    assert.equal(handled && (await readFile("/how", "utf8").catch(forget)) === "ECONNRESET", false);
  },
});

export const twoServers = race({
  name: "twoServers",
  processes: {
    a: () => serve(HUB, () => new Response()).then(forget),
    b: () => serve(`${HUB}:80/`, () => new Response()).then(forget),
  },
});
/** The caller gives up; the server may have handled it for all that. */
export const aborted = race({
  name: "aborted",
  processes: {
    server: () =>
      serve(HUB, async () => {
        await writeFile("/handled", "");
        return new Response();
      }).then(forget),
    client: async () => {
      const controller = new AbortController();
      const calling = fetch(HUB, { signal: controller.signal });
      setImmediate(() => controller.abort());
      const how = await calling.then(
        () => "answered",
        (error: Error) => causeOf(error) ?? error.name,
      );
      if (how === "AbortError") await writeFile("/aborted", "");
      else assert.match(how, /^(answered|ECONNREFUSED)$/);
    },
  },
  check: async () => {
    const exists = (path: string) =>
      readFile(path).then(
        () => true,
        () => false,
      );
    assert.equal((await exists("/aborted")) && (await exists("/handled")), false);
  },
});

// What answers at a hub's address and is none, or is one in trouble: told as what it is, within a bounded time.

import assert from "node:assert/strict";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { encode } from "@ipld/dag-cbor";
import { type EntryId, newIdentity } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { HubApi } from "./hub-api.ts";
import type { Deadlines } from "./transfer-deadline.ts";

/** Serves `listener` while `body` runs. */
async function withServer(listener: RequestListener, body: (url: string) => Promise<void>): Promise<void> {
  await listening(createServer(listener), (port) => body(`http://127.0.0.1:${port}`));
}

async function listening(
  server: Server & { closeAllConnections(): void },
  body: (port: number) => Promise<void>,
): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const QUICK: Deadlines = { headersMs: 400, idleMs: 400, graceMs: 600, minBytesPerSecond: 200_000, silenceMs: 400 };

function apiOf(url: string, changes: Partial<Deadlines> = {}): HubApi {
  return new HubApi({ url, token: "t", deadlines: { ...QUICK, ...changes } });
}

/** Every call whose answer is read. */
const CALLS: Readonly<Record<string, (api: HubApi) => Promise<unknown>>> = {
  workspace: (api) => api.workspace(),
  registerKey: (api) => api.registerKey(newIdentity().identity),
  append: (api) => api.append([{ block: new Uint8Array(8) }]),
  missing: (api) => api.missing(["0".repeat(64)]),
  page: (api) => api.page({ since: 0, inline: "contents" }),
  listPage: (api) => api.listPage({ since: 0 }),
  documentStatus: (api) => api.documentStatus(["x" as EntryId]),
  search: (api) => api.search({ q: "x" }),
  createToken: (api) => api.createToken("member"),
  tokens: (api) => api.tokens(),
  events: async (api) => {
    for await (const _ of api.events({}));
  },
};

async function failureOf(call: Promise<unknown>): Promise<HoldfastError> {
  const failure = await call.then(
    (value) => assert.fail(`it resolved: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(failure instanceof HoldfastError)) throw failure;
  return failure;
}

const JSON_HEADERS = { "content-type": "application/json" };

test("what is no hub's answer is HUB_ERROR, which names the URL and what is wrong", async () => {
  const answers: [string, (response: ServerResponse) => unknown, RegExp][] = [
    [
      "null",
      (to) => to.writeHead(200, JSON_HEADERS).end("null"),
      /not an object|cannot be read|not (application|text)\//,
    ],
    [
      "a list",
      (to) => to.writeHead(200, JSON_HEADERS).end("[]"),
      /not an object|cannot be read|not (application|text)\//,
    ],
    ["an empty object", (to) => to.writeHead(200, JSON_HEADERS).end("{}"), /`\w+` is not |not (application|text)\//],
    [
      "other types",
      (to) =>
        to
          .writeHead(200, JSON_HEADERS)
          .end('{"workspace":1,"epoch":2,"sequence":"3","next":-1,"entries":{},"missing":0,"documents":0,"results":0}'),
      /`\w+` is not |not (application|text)\//,
    ],
    ["no JSON", (to) => to.writeHead(200, JSON_HEADERS).end("{"), /cannot be read|not (application|text)\//],
    ["nothing", (to) => to.writeHead(200, JSON_HEADERS).end(), /cannot be read|not (application|text)\//],
    ["HTML", (to) => to.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>"), /text\/html/],
    ["no type", (to) => to.writeHead(200).end("{}"), /of no type/],
    ["a proxy's failure", (to) => to.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad"), /502.*text\/html/],
    ["a failure of no hub", (to) => to.writeHead(400, JSON_HEADERS).end('{"message":"no"}'), /`error` is not a text/],
    ["a failure that is null", (to) => to.writeHead(500, JSON_HEADERS).end("null"), /not an object/],
  ];
  for (const [what, answer, wrong] of answers) {
    await withServer(
      (_, response) => answer(response),
      async (url) => {
        for (const [name, call] of Object.entries(CALLS)) {
          // Of the answer to a registration nothing is read but that it is one.
          if (name === "registerKey" && what !== "HTML") continue;
          const { code, message } = await failureOf(call(apiOf(url)));
          assert.equal(code, "HUB_ERROR", `${name}, ${what}: ${message}`);
          assert.ok(message.includes(url), message);
          assert.match(message, wrong, `${name}, ${what}`);
        }
      },
    );
  }
});

test("a page that leads nowhere, is out of order, or is no CBOR is HUB_ERROR", async () => {
  const entry = (sequence: number): object => ({ sequence, block: new Uint8Array(4) });
  const pages: [object | Uint8Array, RegExp][] = [
    [{ epoch: "e", sequence: 9, next: 3, entries: [] }, /`next` is not after 3/],
    [{ epoch: "e", sequence: 9, next: 5, entries: [entry(5), entry(4)] }, /`entries` is not in order/],
    [{ epoch: "e", sequence: 9, next: 5, entries: [entry(6)] }, /`entries` is not in order/],
    [{ epoch: "e", sequence: 9, next: 5, entries: [entry(2)] }, /`entries` is not in order/],
    [{ epoch: "e", sequence: 9, next: 5, entries: [{ sequence: 4, block: "text" }] }, /`entries\[0\].block`/],
    [{ epoch: 1, sequence: 9, next: 5, entries: [] }, /`epoch` is not a text/],
    [new Uint8Array([0xff, 0xff]), /cannot be read as application\/cbor/],
  ];
  for (const [page, wrong] of pages) {
    const body = page instanceof Uint8Array ? page : encode(page);
    await withServer(
      (_, response) => response.writeHead(200, { "content-type": "application/cbor" }).end(body),
      async (url) => {
        const { code, message } = await failureOf(apiOf(url).page({ since: 3 }));
        assert.equal(code, "HUB_ERROR", message);
        assert.match(message, wrong);
      },
    );
  }
});

test("a hub that answers without end is left: HUB_ERROR, and not held in memory", async () => {
  await withServer(
    (_, response) => {
      response.writeHead(200, JSON_HEADERS);
      const block = Buffer.alloc(1_024 * 1_024, " ");
      const more = (): void => {
        while (!response.destroyed && response.write(block));
      };
      response.on("drain", more);
      more();
    },
    async (url) => {
      const { code, message } = await failureOf(apiOf(url).workspace());
      assert.equal(code, "HUB_ERROR");
      assert.match(message, /longer than \d+ bytes/);
    },
  );
});

test("a hub's words about itself are not taken for this folder's: FOLDER_GONE, CORRUPT, INTERRUPTED are HUB_ERROR", async () => {
  for (const code of ["FOLDER_GONE", "CORRUPT", "INTERRUPTED", "INTERNAL", "LOCK_LOST", "SOMETHING_NEW"]) {
    await withServer(
      (_, response) => response.writeHead(400, JSON_HEADERS).end(JSON.stringify({ error: "said the hub", code })),
      async (url) => {
        const failure = await failureOf(apiOf(url).workspace());
        assert.deepEqual([failure.code, failure.details?.code], ["HUB_ERROR", code]);
      },
    );
  }
});

test("HUB-13 a hub that gives a byte at a time is left when its time is over, whatever was asked", async () => {
  await withServer(
    (request, response) => {
      response.writeHead(200, { "content-type": request.headers.accept ?? "" });
      const drip = setInterval(() => response.write(" "), 30);
      response.on("close", () => clearInterval(drip));
    },
    async (url) => {
      const calls = { ...CALLS, download: (api: HubApi) => Array.fromAsync(api.download("0".repeat(64))) };
      delete (calls as Record<string, unknown>).events;
      const fromMs = performance.now();
      await Promise.all(
        Object.entries(calls).map(async ([name, call]) => {
          const { code, message } = await failureOf(call(apiOf(url)));
          assert.equal(code, "HUB_UNREACHABLE", `${name}: ${message}`);
          assert.match(message, /too slow/, name);
        }),
      );
      assert.ok(performance.now() - fromMs < 4 * QUICK.graceMs);
    },
  );
});

test("HUB-13 an event stream that goes on and never says anything whole is left as one that is silent", async () => {
  await withServer(
    (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const drip = setInterval(() => response.write("x"), 30);
      response.on("close", () => clearInterval(drip));
    },
    async (url) => {
      const events = async (): Promise<void> => {
        for await (const _ of apiOf(url).events({}));
      };
      const { code, message } = await failureOf(events());
      assert.equal(code, "HUB_UNREACHABLE", message);
    },
  );
});

/** Takes a PUT's body at this rate. */
function reader(bytesPerMs: number): RequestListener {
  return async (request, response) => {
    if (request.method === "HEAD") return response.writeHead(404, { "upload-offset": "0" }).end();
    for await (const chunk of request) await delay(chunk.length / bytesPerMs);
    return response.writeHead(204).end();
  };
}

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= 1_048_576) yield new Uint8Array(Math.min(left, 1_048_576));
}

test("HUB-13 a slow upload is not cut as long as it moves; one that does not move is", async () => {
  const bytes = 12 * 1_048_576;
  // Two seconds for all, of which much may lie in the system's buffers at the end.
  await withServer(reader(bytes / 2_000), async (url) => {
    const fromMs = performance.now();
    await apiOf(url).upload("0".repeat(64), bytes, () => zeros(bytes));
    assert.ok(performance.now() - fromMs > QUICK.idleMs + QUICK.graceMs, "it was slow enough to tell");
  });
  const stuck: RequestListener = (request, response) => {
    if (request.method === "HEAD") response.writeHead(404, { "upload-offset": "0" }).end();
  };
  await withServer(stuck, async (url) => {
    const api = apiOf(url, { minBytesPerSecond: 4_000_000 });
    const { code } = await failureOf(api.upload("0".repeat(64), 64 * 1_048_576, () => zeros(64 * 1_048_576)));
    assert.equal(code, "HUB_UNREACHABLE");
  });
});

test("HUB-13 a disk that is slow is not taken for a hub that is", async () => {
  await withServer(reader(1_000_000), async (url) => {
    await apiOf(url).upload("0".repeat(64), 3, async function* () {
      for (let n = 0; n < 3; n += 1) {
        await delay(QUICK.idleMs * 1.5);
        yield new Uint8Array(1);
      }
    });
  });
});

test("a redirect is not followed, in a circle or elsewhere: HUB_ERROR that says where it leads", async () => {
  let asked = 0;
  await withServer(
    (request, response) => {
      asked += 1;
      assert.equal(request.headers.authorization, "Bearer t");
      response.writeHead(301, { location: "/v1/workspace" }).end();
    },
    async (url) => {
      const { code, message, hint } = await failureOf(apiOf(url).workspace());
      assert.equal(code, "HUB_ERROR");
      assert.match(message, /301.*sends to \/v1\/workspace/);
      assert.match(hint ?? "", /does not redirect/);
      assert.equal(asked, 1);
    },
  );
});

test("nobody of that name, nobody at that port, TLS where there is none and the other way round: HUB_UNREACHABLE with a hint", async () => {
  const hintOf = async (url: string): Promise<string> => {
    const { code, hint, message } = await failureOf(apiOf(url).workspace());
    assert.equal(code, "HUB_UNREACHABLE", message);
    assert.ok(message.includes(url), message);
    return hint ?? "";
  };
  assert.match(await hintOf("http://no-such-host.invalid"), /check its name/);
  assert.match(await hintOf("http://127.0.0.1:9"), /served at another/);
  let closed = "";
  await withServer(
    () => {},
    async (url) => {
      closed = url;
    },
  );
  assert.match(await hintOf(closed), /that port/);
  await withServer(
    (_, response) => response.end(),
    async (url) => assert.match(await hintOf(url.replace("http:", "https:")), /begins with http:\/\//),
  );
  await listening(createTlsServer({}), async (port) => {
    assert.match(await hintOf(`http://127.0.0.1:${port}`), /begins with https:\/\//);
  });
});

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { decode, encode } from "@ipld/dag-cbor";
import { type Identity, signBytes } from "../entries/index.ts";
import { createHub, type Hub, type HubOptions } from "./hub.ts";
import { type AppendResponse, CBOR, type ErrorBody, KEY_REGISTRATION_CONTEXT, type Page } from "./protocol.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import type { EntryStorage } from "./storage.ts";
import { SampleAuthor, type Written } from "./testing/sample-author.ts";
import { batchOf } from "./testing/storage-conformance.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-hub-"));
after(() => rmSync(root, { recursive: true, force: true }));
let rooms = 0;

interface Room {
  readonly hub: Hub;
  readonly storage: SqliteStorage;
  readonly token: string;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  append(written: readonly Written[], token?: string): Promise<Response>;
  register(identity: Identity, token?: string): Promise<Response>;
}

/** A hub without a server, one admin token, and the ways to ask it. */
async function withRoom(options: Omit<HubOptions, "storage">, body: (room: Room) => Promise<void>): Promise<void> {
  rooms += 1;
  const storage = new SqliteStorage(join(root, String(rooms)), { id: "w", name: "test" });
  const failures: unknown[] = [];
  const hub = createHub({ ...options, storage, onError: (error) => failures.push(error) });
  const { token } = await storage.tokens.create("admin");
  const send = (method: string, path: string, as: string, init: RequestInit, headers: Record<string, string>) =>
    hub.fetch(
      new Request(`http://hub${path}`, { method, ...init, headers: { authorization: `Bearer ${as}`, ...headers } }),
    );
  const room: Room = {
    hub,
    storage,
    token,
    ask: (method, path, json, headers = {}) =>
      json === undefined
        ? send(method, path, token, {}, headers)
        : send(method, path, token, { body: JSON.stringify(json) }, { "content-type": "application/json", ...headers }),
    append: (written, as = token) => {
      const contents: Record<string, Uint8Array> = {};
      for (const { content } of written) if (content !== undefined) contents[hash("sha256", content)] = content;
      const block = encode({ entries: written.map(({ entry }) => entry.block), contents });
      return send("POST", "/v1/entries", as, { body: block }, { "content-type": CBOR });
    },
    register: (identity, as = token) => {
      const proof = Buffer.from(signBytes(identity, Buffer.from(KEY_REGISTRATION_CONTEXT + storage.epoch)));
      const json = JSON.stringify({ publicKey: identity.author, proof: proof.toString("base64") });
      return send("POST", "/v1/keys", as, { body: json }, { "content-type": "application/json" });
    },
  };
  try {
    await body(room);
    assert.deepEqual(failures, [], "the hub itself did not fail");
  } finally {
    await hub.close();
    await storage.close();
  }
}

async function refused(response: Response, status: number, code: string): Promise<ErrorBody> {
  const body = (await response.json()) as ErrorBody;
  assert.deepEqual([response.status, body.code], [status, code], body.error);
  return body;
}

test("HUB-18 what is bad is refused with a code and its place, the whole batch with it, without a trace", async () => {
  await withRoom({}, async ({ append, ask, register, hub, token }) => {
    const ann = new SampleAuthor("ann");
    const stranger = new SampleAuthor("stranger");
    await register(ann.identity);
    const good = ann.note("t", "good");
    const spoil = (written: Written, change: (block: Buffer) => void): Written => {
      const block = Buffer.from(written.entry.block);
      change(block);
      return { ...written, entry: { ...written.entry, block } };
    };
    const replace = (from: string, to: string) => (block: Buffer) => {
      const at = block.indexOf(from);
      assert.ok(at > 0);
      block.write(to, at);
    };
    const flip = (block: Buffer): void => {
      block[block.length - 1] = (block.at(-1) ?? 0) ^ 1;
    };
    const huge = { hash: "00".repeat(32), size: 1_048_577, type: "text/plain" };
    const cases: [Written, number, string][] = [
      [spoil(ann.note("t", "x"), flip), 400, "BAD_SIGNATURE"],
      [spoil(ann.note("t", "x"), replace("put", "pot")), 400, "BAD_ENTRY"],
      [spoil(ann.note("t", "x"), replace("clock", "clack")), 400, "BAD_ENTRY"],
      [spoil(ann.note("t", "x", { name: "aa/bb" }), replace("aa/bb", "aa/..")), 400, "BAD_NAME"],
      [ann.note("t", "x", { name: "line\nbreak" }), 400, "BAD_NAME"],
      [ann.note("bell\u0007", "x"), 400, "BAD_NAME"],
      [stranger.note("t", "x"), 403, "NOT_AUTHOR"],
      [{ ...ann.note("t", "", { content: huge }), content: undefined }, 413, "TOO_LARGE"],
    ];
    for (const [bad, status, code] of cases) {
      const body = await refused(await append([good, bad]), status, code);
      assert.equal(body.details?.index, 1);
    }
    const unbacked = ann.note("t", "not sent along");
    const missing = await refused(await append([good, { ...unbacked, content: undefined }]), 422, "CONTENT_MISSING");
    assert.deepEqual(missing.details, { missing: [unbacked.entry.content?.hash] });
    // Bytes under a hash that is not theirs, though they are as many as the entry says.
    const lies = encode({
      entries: [good.entry.block],
      contents: { [good.entry.content?.hash ?? ""]: Buffer.from("evil") },
    });
    const asAdmin = { authorization: `Bearer ${token}`, "content-type": CBOR };
    await refused(
      await hub.fetch(new Request("http://hub/v1/entries", { method: "POST", body: lies, headers: asAdmin })),
      422,
      "VERIFY_FAILED",
    );
    const info = (await (await ask("GET", "/v1/workspace")).json()) as { sequence: number };
    assert.equal(info.sequence, 0);
    const left = await ask("POST", "/v1/contents/missing", { hashes: [good.entry.content?.hash] });
    assert.deepEqual(await left.json(), { missing: [good.entry.content?.hash] });

    for (const body of [Buffer.from("{}"), encode({}), encode([1]), encode({ entries: [1] }), Buffer.alloc(9, 0x9b)]) {
      const headers = { authorization: `Bearer ${token}`, "content-type": CBOR };
      await refused(
        await hub.fetch(new Request("http://hub/v1/entries", { method: "POST", body, headers })),
        400,
        "BAD_REQUEST",
      );
    }
    const tooMany = Array.from({ length: 1_001 }, () => good);
    await refused(await append(tooMany), 413, "TOO_LARGE");
  });
});

test("HUB-19 content of exactly the limit is accepted; an empty publish is a success without sequences", async () => {
  await withRoom({ limits: { noteBytes: 1_000, fileBytes: 2_000 } }, async ({ append, register }) => {
    const ann = new SampleAuthor("ann");
    await register(ann.identity);
    const at = (await (
      await append([ann.note("t", "n".repeat(1_000)), ann.create("f", "f".repeat(2_000))])
    ).json()) as AppendResponse;
    assert.deepEqual(
      at.results.map(({ sequence }) => sequence),
      [1, 2],
    );
    await refused(await append([ann.note("t", "n".repeat(1_001))]), 413, "TOO_LARGE");
    await refused(await append([ann.create("g", "f".repeat(2_001))]), 413, "TOO_LARGE");
    const none = (await (await append([])).json()) as AppendResponse;
    assert.deepEqual([none.sequence, none.results], [2, []]);
  });
});

test("HUB-24 only the keys registered with the token may publish, and registering needs the key", async () => {
  await withRoom({}, async ({ append, register, storage, ask }) => {
    const ann = new SampleAuthor("ann");
    const eve = new SampleAuthor("eve");
    const annToken = (await storage.tokens.create("member")).token;
    const eveToken = (await storage.tokens.create("member")).token;
    assert.equal((await register(ann.identity, annToken)).status, 200);
    assert.equal((await register(ann.identity, annToken)).status, 200);
    assert.equal((await register(eve.identity, eveToken)).status, 200);
    const annsNote = ann.note("t", "by ann");
    await refused(await append([annsNote], eveToken), 403, "NOT_AUTHOR");
    assert.equal((await append([annsNote], annToken)).status, 200);
    const proof = Buffer.from(signBytes(eve.identity, Buffer.from(KEY_REGISTRATION_CONTEXT + storage.epoch)));
    const stolen = { publicKey: ann.identity.author, proof: proof.toString("base64") };
    await refused(await ask("POST", "/v1/keys", stolen), 403, "NOT_AUTHOR");
    await refused(await ask("POST", "/v1/keys", { ...stolen, publicKey: "ff".repeat(32) }), 403, "NOT_AUTHOR");
  });
});

test("HUB-25 only a known, unrevoked token is heard; only an admin manages tokens", async () => {
  await withRoom({}, async ({ hub, ask, storage, token }) => {
    const get = (path: string, authorization?: string): Promise<Response> =>
      hub.fetch(new Request(`http://hub${path}`, authorization === undefined ? {} : { headers: { authorization } }));
    for (const near of [undefined, "", "Bearer", `Bearer ${token.slice(1)}`, `Bearer ${token}x`, `Basic ${token}`]) {
      await refused(await get("/v1/workspace", near), 401, "UNAUTHORIZED");
    }
    assert.deepEqual(await (await get("/healthz")).json(), { ok: true });
    const made = (await (await ask("POST", "/v1/tokens", { role: "member" })).json()) as { id: string; token: string };
    const asMember = { authorization: `Bearer ${made.token}` };
    assert.equal((await ask("GET", "/v1/workspace", undefined, asMember)).status, 200);
    for (const [method, path, body] of [
      ["GET", "/v1/tokens", undefined],
      ["POST", "/v1/tokens", { role: "admin" }],
      ["DELETE", `/v1/tokens/${made.id}`, undefined],
    ] as const) {
      await refused(await ask(method, path, body, asMember), 403, "UNAUTHORIZED");
    }
    assert.equal((await ask("DELETE", `/v1/tokens/${made.id}`)).status, 200);
    await refused(await ask("GET", "/v1/workspace", undefined, asMember), 401, "UNAUTHORIZED");
    await refused(await ask("DELETE", "/v1/tokens/unknown"), 404, "NOT_FOUND");
    assert.equal((await storage.tokens.list()).length, 2);
  });
});

for (const data of ["entries", "wake"]) {
  test(`HUB-30 what is appended while a stream of ${data} looks is told too, when the storage takes its time`, async () => {
    await withRoom({}, async ({ storage, token }) => {
      const { entries } = storage;
      let looks = 0;
      const ann = new SampleAuthor("ann");
      /** The second look is the first of the stream's own; the one before says where it begins. */
      const whileItLooks = async (): Promise<void> => {
        looks += 1;
        if (looks === 2) await entries.append([batchOf([ann.note("t", "while it looked")])]);
      };
      const slow: EntryStorage = {
        head: async () => {
          const head = await entries.head();
          await whileItLooks();
          return head;
        },
        append: (batches) => entries.append(batches),
        scan: async (query) => {
          const scan = await entries.scan(query);
          await whileItLooks();
          return scan;
        },
      };
      const { workspace, epoch, contents, tokens, texts } = storage;
      const onChange = (listener: () => void): (() => void) => storage.onChange(listener);
      const view = { workspace, epoch, contents, tokens, texts, onChange, entries: slow, close: async () => {} };
      const hub = createHub({ storage: view });
      const headers = { authorization: `Bearer ${token}` };
      const response = await hub.fetch(new Request(`http://hub/v1/events?since=0&data=${data}`, { headers }));
      assert.ok(response.body);
      const reader = response.body.getReader();
      const giveUp = setTimeout(() => reader.cancel(), 5_000);
      const wanted = data === "wake" ? /^event: head\ndata: {"sequence":1}$/m : /^id: 1$/m;
      let text = "";
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        text += new TextDecoder().decode(piece.value);
        if (wanted.test(text)) break;
      }
      clearTimeout(giveUp);
      assert.match(text, wanted);
      await hub.close();
    });
  });
}

test("HUB-30 a replay of more entries than one look gives goes on by itself, though nothing new comes", async () => {
  await withRoom({}, async ({ hub, storage, token }) => {
    const ann = new SampleAuthor("ann");
    const written = Array.from({ length: 300 }, () => ann.note("t", "x"));
    await storage.entries.append([batchOf(written)]);
    const headers = { authorization: `Bearer ${token}` };
    const response = await hub.fetch(new Request("http://hub/v1/events?since=0", { headers }));
    const giveUp = setTimeout(() => hub.close(), 5_000);
    let text = "";
    for await (const piece of response.body ?? []) {
      text += new TextDecoder().decode(piece);
      if (/^id: 300$/m.test(text)) break;
    }
    clearTimeout(giveUp);
    const seen = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    assert.deepEqual(
      seen,
      written.map((_, index) => index + 1),
    );
  });
});

test("HUB-25 a token that is revoked between being looked at and its stream being watched ends that stream, too", async () => {
  await withRoom({}, async ({ storage }) => {
    const { id, token } = await storage.tokens.create("member");
    const { tokens } = storage;
    const find = tokens.find.bind(tokens);
    tokens.find = async (text) => {
      const known = await find(text);
      // No stream is open yet, so nobody hears of this.
      await tokens.revoke(id);
      return known;
    };
    const hub = createHub({ storage });
    const headers = { authorization: `Bearer ${token}` };
    const response = await hub.fetch(new Request("http://hub/v1/events", { headers }));
    assert.equal(response.status, 200);
    const giveUp = setTimeout(() => hub.close(), 5_000);
    assert.match(await response.text(), /event: error\ndata: .*UNAUTHORIZED/);
    clearTimeout(giveUp);
    await hub.close();
  });
});

test("a token that asks too often is told to wait; another is not", async () => {
  await withRoom({ requestsPerSecond: 5 }, async ({ ask, storage }) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("GET", "/v1/workspace")));
    const limited = answers.filter(({ status }) => status === 429);
    assert.ok(limited.length >= 10 && limited.length <= 15, `${limited.length}`);
    assert.equal(limited[0]?.headers.get("retry-after"), "1");
    const other = await storage.tokens.create("member");
    const headers = { authorization: `Bearer ${other.token}` };
    assert.equal((await ask("GET", "/v1/workspace", undefined, headers)).status, 200);
  });
});

test("HUB-36 malformed requests are answered 4xx with a code, never 5xx", async () => {
  await withRoom({}, async ({ hub, token }) => {
    const bad: [string, string, string | Uint8Array | undefined, Record<string, string>][] = [
      ["POST", "/v1/keys", "{", { "content-type": "application/json" }],
      ["POST", "/v1/keys", "[]", { "content-type": "application/json" }],
      ["POST", "/v1/keys", "{}", {}],
      ["POST", "/v1/documents/status", '{"docs":[1]}', { "content-type": "application/json" }],
      ["POST", "/v1/contents/missing", '{"hashes":["../../etc/passwd"]}', { "content-type": "application/json" }],
      ["POST", "/v1/contents/missing", "x".repeat(300_000), { "content-type": "application/json" }],
      ["POST", "/v1/entries", "{}", { "content-type": "application/json" }],
      ["POST", "/v1/entries", Buffer.alloc(5_000, 0x81), { "content-type": CBOR }],
      ["POST", "/v1/entries", Buffer.from("bb7fffffffffffffff", "hex"), { "content-type": CBOR }],
      ["GET", "/v1/entries?since=-1", undefined, {}],
      ["GET", "/v1/entries?since=1e3", undefined, {}],
      ["GET", "/v1/entries?since=99999999999999999999", undefined, {}],
      ["GET", "/v1/entries?topic=../x", undefined, {}],
      ["GET", "/v1/events?since=x", undefined, {}],
      ["GET", "/v1/search", undefined, {}],
      ["GET", "/v1/search?q=x&limit=0", undefined, {}],
      ["GET", "/v1/contents/..%2f..%2fhub.db", undefined, {}],
      ["GET", `/v1/contents/${"0".repeat(64)}`, undefined, {}],
      ["PUT", `/v1/contents/${"0".repeat(64)}`, "x", { "content-range": "bytes 5-3/2" }],
      ["PUT", `/v1/contents/${"0".repeat(64)}`, "x", { "content-range": "bytes 7-7/8" }],
      ["PUT", `/v1/contents/${"0".repeat(64)}`, "x", { "content-range": `bytes 0-${1e9}/${1e9 + 1}` }],
      ["PUT", `/v1/contents/${"0".repeat(64)}`, "x", {}],
      ["DELETE", "/v1/entries", undefined, {}],
      ["GET", "/nothing", undefined, {}],
    ];
    for (const [method, path, body, headers] of bad) {
      const init = {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { body }),
      };
      const response = await hub.fetch(new Request(`http://hub${path}`, init));
      const said = (await response.json()) as ErrorBody;
      const shown = `${method} ${path} -> ${response.status} ${JSON.stringify(said)}`;
      assert.ok(response.status >= 400 && response.status < 500, shown);
      assert.match(said.code, /^[A-Z_]+$/, shown);
    }
  });
});

test("a body over the limit is refused without being read whole", async () => {
  await withRoom({ limits: { batchBytes: 100_000 } }, async ({ hub, token }) => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(10_000));
        if (pulled > 1_000) controller.close();
      },
    });
    const headers = { authorization: `Bearer ${token}`, "content-type": CBOR };
    const request = new Request("http://hub/v1/entries", {
      method: "POST",
      body,
      headers,
      duplex: "half",
    } as RequestInit);
    const response = await hub.fetch(request);
    // The rest of the body may still come, so the connection cannot carry another request.
    assert.equal(response.headers.get("connection"), "close");
    await refused(response, 413, "TOO_LARGE");
    assert.ok(pulled < 20, `${pulled} pieces were read`);
  });
});

test("pages in CBOR with contents, and as JSON with the text of notes", async () => {
  await withRoom({}, async ({ append, ask, register }) => {
    const ann = new SampleAuthor("ann");
    await register(ann.identity);
    const note = ann.note("t", "naïve text");
    const file = ann.create("f", "file");
    await append([note, file]);
    const cbor = await ask("GET", "/v1/entries?since=0&contents=inline", undefined, { accept: CBOR });
    const page = decode<Page>(new Uint8Array(await cbor.arrayBuffer()));
    assert.deepEqual(
      page.entries.map(({ sequence }) => sequence),
      [1, 2],
    );
    assert.deepEqual(Buffer.from(page.entries[0]?.block ?? []), Buffer.from(note.entry.block));
    assert.deepEqual(Buffer.from(page.entries[1]?.content ?? []), Buffer.from("file"));
    const listed = await (await ask("GET", "/v1/entries?topic=t")).json();
    const { collection, name, kind, author, id } = note.entry;
    const time = new Date(note.entry.clock.wallMs).toISOString();
    assert.deepEqual(listed, {
      epoch: page.epoch,
      sequence: 2,
      next: 2,
      entries: [{ sequence: 1, id, collection, name, kind, author, time, text: "naïve text" }],
    });
  });
});

test("contents over HTTP: ranges, HEAD with the offset of a part, 416", async () => {
  await withRoom({}, async ({ hub, token, ask }) => {
    const bytes = Buffer.alloc(150_000, "0123456789");
    const path = `/v1/contents/${hash("sha256", bytes)}`;
    const put = (part: Buffer, range?: string): Promise<Response> => {
      const headers = { authorization: `Bearer ${token}`, ...(range === undefined ? {} : { "content-range": range }) };
      return hub.fetch(new Request(`http://hub${path}`, { method: "PUT", body: part, headers }));
    };
    await refused(await put(bytes.subarray(0, 40_000), "bytes 0-149999/150000"), 400, "BAD_REQUEST");
    const head = await ask("HEAD", path);
    assert.deepEqual([head.status, head.headers.get("upload-offset")], [404, "40000"]);
    await refused(await put(bytes.subarray(50_000), "bytes 50000-149999/150000"), 409, "BAD_REQUEST");
    assert.equal((await put(bytes.subarray(40_000), "bytes 40000-149999/150000")).status, 204);
    const whole = await ask("HEAD", path);
    assert.deepEqual([whole.status, whole.headers.get("content-length")], [200, "150000"]);
    for (const [range, from, to] of [
      ["bytes=0-9", 0, 10],
      ["bytes=149990-", 149_990, 150_000],
      ["bytes=-5", 149_995, 150_000],
    ] as const) {
      const part = await ask("GET", path, undefined, { range });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get("content-range"), `bytes ${from}-${to - 1}/150000`);
      assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(from, to));
    }
    await refused(await ask("GET", path, undefined, { range: "bytes=150000-" }), 416, "BAD_REQUEST");
    const all = await ask("GET", path);
    assert.deepEqual(Buffer.from(await all.arrayBuffer()), bytes);
  });
});

test("HUB-37 the OpenAPI description names every route, and answers are as it says", async () => {
  await withRoom({}, async ({ hub, append, ask, register }) => {
    const description = (await (await hub.fetch(new Request("http://hub/openapi.json"))).json()) as OpenApi;
    assert.deepEqual(
      Object.entries(description.paths)
        .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
        .toSorted(),
      [
        "delete /v1/tokens/{id}",
        "get /healthz",
        "get /v1/contents/{hash}",
        "get /v1/entries",
        "get /v1/events",
        "get /v1/search",
        "get /v1/tokens",
        "get /v1/workspace",
        "head /v1/contents/{hash}",
        "post /v1/contents/missing",
        "post /v1/documents/status",
        "post /v1/entries",
        "post /v1/keys",
        "post /v1/tokens",
        "put /v1/contents/{hash}",
      ],
    );
    const ann = new SampleAuthor("ann");
    const file = ann.create("f", "words here");
    const answers: [string, string, Response][] = [
      ["post", "/v1/keys", await register(ann.identity)],
      ["post", "/v1/entries", await append([file, ann.note("t", "x")])],
      ["get", "/v1/workspace", await ask("GET", "/v1/workspace")],
      ["get", "/v1/entries", await ask("GET", "/v1/entries")],
      ["get", "/v1/search", await ask("GET", "/v1/search?q=words")],
      ["post", "/v1/documents/status", await ask("POST", "/v1/documents/status", { docs: [file.entry.id] })],
      ["post", "/v1/contents/missing", await ask("POST", "/v1/contents/missing", { hashes: ["0".repeat(64)] })],
      ["post", "/v1/tokens", await ask("POST", "/v1/tokens", { role: "member" })],
      ["get", "/v1/tokens", await ask("GET", "/v1/tokens")],
      ["delete", "/v1/tokens/{id}", await ask("DELETE", "/v1/tokens/nobody")],
      ["post", "/v1/keys", await ask("POST", "/v1/keys", {})],
    ];
    for (const [method, path, response] of answers) {
      const described = description.paths[path]?.[method]?.responses[String(response.status)];
      assert.ok(described, `${method} ${path} answers ${response.status}, which is not described`);
      const schema = described.content?.["application/json"]?.schema;
      assert.ok(schema);
      assertMatches(await response.json(), schema, description, `${method} ${path}`);
    }
  });
});

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
}
interface OpenApi {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }>
  >;
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** `value` is as `schema` says, and has no property that it does not name. */
function assertMatches(value: unknown, schema: Schema, api: OpenApi, at: string): void {
  if (schema.$ref !== undefined) {
    const named = api.components.schemas[schema.$ref.replace("#/components/schemas/", "")];
    assert.ok(named, schema.$ref);
    assertMatches(value, named, api, at);
    return;
  }
  const types = [schema.type ?? []].flat();
  const actual = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  assert.ok(types.includes(actual) || (types.includes("integer") && Number.isInteger(value)), `${at} is ${actual}`);
  if (schema.enum !== undefined) assert.ok(schema.enum.includes(value), `${at} is ${value}`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) assertMatches(item, schema.items ?? {}, api, `${at}[${index}]`);
  } else if (actual === "object" && schema.properties !== undefined) {
    const object = value as Record<string, unknown>;
    for (const name of schema.required ?? []) assert.ok(name in object, `${at}.${name} is absent`);
    for (const [name, property] of Object.entries(object)) {
      const known = schema.properties[name];
      assert.ok(known, `${at}.${name} is not described`);
      assertMatches(property, known, api, `${at}.${name}`);
    }
  }
}

// `fetch` between the processes of a scenario. Requests, responses and headers are Node's own; what carries them is the
// simulated network, and nothing of it leaves this process.

import { SystemFault } from "../disk/calls.ts";
import type { RequestData, ResponseData } from "../world/network.ts";
import { notSimulated } from "./not-simulated.ts";
import type { Program } from "./program.ts";
import type { CurrentProgram } from "./timers.ts";

/** As in Node. */
const MAX_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const WITHOUT_BODY = new Set([101, 204, 205, 304]);
const CAUSES: Readonly<Record<string, { message: string; errno: number; syscall: string }>> = {
  ECONNREFUSED: { message: "connect ECONNREFUSED", errno: -111, syscall: "connect" },
  ECONNRESET: { message: "read ECONNRESET", errno: -104, syscall: "read" },
};

export function makeFetch(current: CurrentProgram): typeof fetch {
  return async function fetch(input, init) {
    const program = current();
    // Not the request's own signal: that follows this one only as long as nobody collects what is in between.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const request = new Request(input as Request, { ...init, signal: null });
    signal?.throwIfAborted();
    let data = await requestData(request);
    for (let redirects = 0; ; redirects++) {
      const { protocol } = new URL(data.url);
      if (protocol !== "http:" && protocol !== "https:") program.refuse(notSimulated(`fetch of a ${protocol} URL`));
      const answer = await send(program, data, signal ?? undefined);
      const next = request.redirect === "manual" ? undefined : redirected(data, answer);
      if (next === undefined) return response(answer, data.url, redirects > 0);
      if (request.redirect === "error") throw failed(new Error("unexpected redirect"));
      if (redirects >= MAX_REDIRECTS) throw failed(new Error("redirect count exceeded"));
      data = next;
    }
  };
}

async function requestData(request: Request): Promise<RequestData> {
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  const headers = new Headers(request.headers);
  const own: Record<string, string> = { host: new URL(request.url).host, accept: "*/*", "user-agent": "node" };
  if (body !== undefined) own["content-length"] = String(body.length);
  for (const [name, value] of Object.entries(own)) if (!headers.has(name)) headers.set(name, value);
  return { method: request.method, url: request.url.replace(/#.*$/s, ""), headers: [...headers], body };
}

function send(program: Program, data: RequestData, signal: AbortSignal | undefined): Promise<ResponseData> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const onAbort = (): void => {
      program.forget(token);
      reject(signal?.reason);
    };
    const call = { op: "fetch", args: [new URL(data.url).origin, data] };
    const token = program.later(call, (fault, result) => {
      signal?.removeEventListener("abort", onAbort);
      if (fault === undefined) resolve(result as ResponseData);
      else reject(failed(fault instanceof SystemFault ? causeOf(fault.code, data.url) : fault));
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function redirected(data: RequestData, { status, headers }: ResponseData): RequestData | undefined {
  const location = headers.find(([name]) => name === "location")?.[1];
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  const url = new URL(location, data.url).href;
  const asGet = status === 303 ? data.method !== "HEAD" : status < 303 && data.method === "POST";
  const kept = data.headers.filter(([name]) => name !== "host" && !(asGet && name.startsWith("content-")));
  const moved: RequestData = { ...data, url, headers: [...kept, ["host", new URL(url).host]] };
  return asGet ? { ...moved, method: "GET", body: undefined } : moved;
}

function response({ status, statusText, headers, body }: ResponseData, url: string, wasRedirected: boolean): Response {
  const made = new Response(WITHOUT_BODY.has(status) ? null : (body as Uint8Array<ArrayBuffer>), {
    status,
    statusText,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
  Object.defineProperty(made, "url", { value: url });
  Object.defineProperty(made, "redirected", { value: wasRedirected });
  return made;
}

function failed(cause: unknown): TypeError {
  return new TypeError("fetch failed", { cause });
}

function causeOf(code: string, url: string): Error {
  const { message, errno, syscall } = CAUSES[code] ?? { message: code, errno: -1, syscall: "fetch" };
  const error = new Error(code === "ECONNREFUSED" ? `${message} ${new URL(url).host}` : message);
  return Object.assign(error, { code, errno, syscall });
}

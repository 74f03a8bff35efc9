// `serve`: one process of a scenario answers the others.

import { SystemFault } from "../disk/calls.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Incoming, RequestData, ResponseData } from "../world/network.ts";
import type { Program } from "./program.ts";
import type { CurrentProgram } from "./timers.ts";

/** Answers requests. What it throws is an error that nobody caught, and ends the process. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A server of a scenario: keeps its process alive until it is closed. */
export interface Server extends AsyncDisposable {
  /** `http://hub`, `http://localhost:8080`. */
  readonly origin: string;
  /** Takes no more requests. Those that have come in are still answered. */
  close(): Promise<void>;
}

/**
 * Answers what the processes of a race fetch from an origin. Any name will do: none is looked up.
 * @throws Error with code EADDRINUSE when another process serves the same origin
 */
export type Serve = (origin: string, handler: Handler) => Promise<Server>;

/** Outside of a race there is nobody who could call. */
export const serve: Serve = () => {
  throw new ScenarioError("serve() answers calls within a race only", {
    hint: "Call it in a process of a race, and explore that.",
  });
};

export function makeServe(current: CurrentProgram): Serve {
  return (given, handler) => {
    const program = current();
    const { origin, protocol } = new URL(given);
    if (protocol !== "http:" && protocol !== "https:") {
      throw new TypeError(`${given} is not the origin of a server: give one such as http://hub`);
    }
    return new Promise((resolve, reject) => {
      let serving = false;
      const token = program.listen({ op: "serve", args: [origin] }, (fault, result) => {
        if (serving) return void answer(program, handler, result as Incoming);
        if (fault !== undefined) {
          program.forget(token);
          return reject(fault instanceof SystemFault ? inUse(fault.code, origin) : fault);
        }
        serving = true;
        const close = (): Promise<void> =>
          new Promise((closed) => program.later({ op: "stop serving", args: [origin] }, () => closed()));
        resolve({ origin, close, [Symbol.asyncDispose]: close });
      });
    });
  };
}

async function answer(program: Program, handler: Handler, { reply, request }: Incoming): Promise<void> {
  const response = await handler(received(request));
  if (!(response instanceof Response)) throw new TypeError("a handler given to serve() must return a Response");
  const { status, statusText, headers } = response;
  const body = new Uint8Array(await response.arrayBuffer());
  const data: ResponseData = { status, statusText, headers: [...headers], body };
  program.later({ op: "respond", args: [reply, data] }, () => undefined);
}

function received({ method, url, headers, body }: RequestData): Request {
  return new Request(url, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
  });
}

function inUse(code: string, origin: string): Error {
  const detail = { code, errno: -98, syscall: "listen", address: origin };
  return Object.assign(new Error(`listen ${code}: address already in use ${origin}`), detail);
}

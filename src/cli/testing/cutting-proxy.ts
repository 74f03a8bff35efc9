// For tests: a way to a hub over which only so many bytes come back, and then every connection breaks.

import { createServer, connect as dial, type Server, type Socket } from "node:net";

export class CuttingProxy implements AsyncDisposable {
  readonly url: string;
  /** The target of each request that passed, in order: `GET /v1/entries?since=0&...`, with its `Range` if it had one. */
  readonly requests: string[] = [];
  /** Bytes that came back, headers included, and how often the way was cut. */
  bytes = 0;
  cuts = 0;
  /** What may still come back; what is beyond is lost with the connection. */
  left = Number.POSITIVE_INFINITY;
  /** What may come back after each cut; without it, nothing. */
  leftAfterCut: number | undefined;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server, url: string) {
    this.server = server;
    this.url = url;
  }

  static async open(hubUrl: string): Promise<CuttingProxy> {
    const { hostname, port } = new URL(hubUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const proxy = new CuttingProxy(server, `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
    server.on("connection", (near) => proxy.carry(near, dial(Number(port), hostname)));
    return proxy;
  }

  private carry(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(one);
      one.setNoDelay(true);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
    near.on("data", (chunk: Buffer) => {
      this.note(chunk.toString("latin1"));
      far.write(chunk);
    });
    let isCut = false;
    far.on("data", (chunk: Buffer) => {
      if (isCut) return;
      const passing = chunk.subarray(0, Math.max(0, this.left));
      this.left -= chunk.length;
      this.bytes += passing.length;
      if (this.left >= 0) {
        near.write(passing);
        return;
      }
      // The last bytes still arrive: what breaks is the connection, in the middle of what it carried.
      isCut = true;
      near.end(passing, () => far.destroy());
      if (passing.length > 0) this.cuts += 1;
      if (this.leftAfterCut !== undefined) this.left = this.leftAfterCut;
    });
  }

  private note(text: string): void {
    for (const [, target = "", rest = ""] of text.matchAll(
      /^((?:GET|HEAD|POST|PUT) \/\S*) HTTP\/1\.1\r\n((?:.+\r\n)*)/gm,
    )) {
      const range = /^range: *(.+)\r$/im.exec(rest)?.[1];
      this.requests.push(range === undefined ? target : `${target} ${range}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

// A way to a hub that counts how often a mark passes it: a file's content that begins with the mark is content sent.
//
// It looks at bytes, not at the protocol, so what it counts stays true when the protocol changes. Contents must not be
// compressed on the way; a count that is right for a first sync shows that they are not.

import { createServer, connect as dial, type Server, type Socket } from "node:net";

export class ContentCounter {
  readonly port: number;
  /** Marks seen, both ways. */
  marks = 0;
  /** All bytes, both ways. */
  bytes = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.server = server;
    this.port = port;
  }

  static open(hubPort: number, mark: string): Promise<ContentCounter> {
    const wanted = Buffer.from(mark);
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.on("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        const counter = new ContentCounter(server, typeof address === "object" && address !== null ? address.port : 0);
        server.on("connection", (near) => {
          const far = dial(hubPort, "127.0.0.1");
          counter.carry(near, far, wanted);
          counter.carry(far, near, wanted);
        });
        resolve(counter);
      });
    });
  }

  private carry(from: Socket, to: Socket, wanted: Buffer): void {
    let tail = Buffer.alloc(0);
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      // A mark may be cut in two by chunks; what is kept is too short to hold a whole one, so none is counted twice.
      const seen = Buffer.concat([tail, chunk]);
      for (let at = seen.indexOf(wanted); at >= 0; at = seen.indexOf(wanted, at + wanted.length)) this.marks += 1;
      tail = seen.subarray(Math.max(0, seen.length - wanted.length + 1));
      to.write(chunk);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.sockets.delete(from);
      to.end();
    });
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

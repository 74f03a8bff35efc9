// Whether this machine carries multicast to itself, as finding each other on a local network needs.

import { createSocket } from "node:dgram";

const GROUP = "224.0.0.251";
const PATIENCE_MS = 3_000;

/** Undefined when it does. */
export function whyNoMulticast(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const end = (why: string | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(why);
    };
    const timer = setTimeout(() => end("this machine carries no multicast"), PATIENCE_MS);
    socket.on("error", (error) => end(`no multicast here: ${error.message}`));
    socket.on("message", () => end(undefined));
    socket.bind(0, () => {
      try {
        socket.addMembership(GROUP);
        socket.setMulticastLoopback(true);
        socket.send("holdfast", socket.address().port, GROUP);
      } catch (error) {
        end(`no multicast here: ${String(error)}`);
      }
    });
  });
}

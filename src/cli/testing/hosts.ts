// Hosts of a network of their own, each a network namespace of this machine, with cables between them that can be cut.

import { execFileSync } from "node:child_process";

let made = 0;

/** Undefined where there can be some: on Linux, as root. */
export function whyNoHosts(): string | undefined {
  try {
    const hosts = new Hosts();
    hosts.host();
    hosts[Symbol.dispose]();
    return undefined;
  } catch (error) {
    return `no network namespaces here: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
}

export interface Host {
  /** The words that a command is started with. */
  readonly within: readonly string[];
}

export class Hosts implements Disposable {
  private readonly names: string[] = [];
  private cables = 0;

  host(): Host {
    made += 1;
    const name = `hf${process.pid}-${made}`;
    ip("netns", "add", name);
    this.names.push(name);
    ip("-n", name, "link", "set", "lo", "up");
    return { within: ["ip", "netns", "exec", name] };
  }

  /** Connects two hosts by a network of their own: its addresses are those of `a` and of `b`. */
  connect(a: Host, b: Host): Cable {
    this.cables += 1;
    const ends = [a, b].map((host, index) => ({
      host: host.within[3] as string,
      device: `c${this.cables}e${index}`,
      address: `10.71.${this.cables}.${index + 1}`,
    }));
    const [one, other] = ends as [CableEnd, CableEnd];
    ip(
      ...["link", "add", one.device, "netns", one.host, "type", "veth"],
      ...["peer", "name", other.device, "netns", other.host],
    );
    const cable = new Cable([one, other]);
    for (const { host, device, address } of ends) ip("-n", host, "addr", "add", `${address}/24`, "dev", device);
    cable.mend();
    return cable;
  }

  [Symbol.dispose](): void {
    for (const name of this.names) ip("netns", "del", name);
  }
}

interface CableEnd {
  readonly host: string;
  readonly device: string;
  readonly address: string;
}

export class Cable {
  private readonly ends: readonly [CableEnd, CableEnd];
  constructor(ends: readonly [CableEnd, CableEnd]) {
    this.ends = ends;
  }

  get addresses(): readonly [string, string] {
    return [this.ends[0].address, this.ends[1].address];
  }

  /** Nothing gets through, and nobody is told. */
  cut(): void {
    const [{ host, device }] = this.ends;
    ip("-n", host, "link", "set", device, "down");
  }

  mend(): void {
    for (const { host, device } of this.ends) {
      ip("-n", host, "link", "set", device, "up");
      ip("-n", host, "route", "replace", "default", "dev", device);
    }
  }
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

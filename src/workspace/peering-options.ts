// How a workspace takes part among peers, and what of that cannot be.

import { HoldfastError } from "../errors.ts";
import type { Replicate, ReplicateLimits, SharedLogOptions } from "../peers/index.ts";
import { checkOptions } from "./call-checks.ts";

export interface PeeringOptions extends Pick<SharedLogOptions, "replicas" | "roleAgeMs" | "beatMs" | "restartCheckMs"> {
  /** Multiaddrs to listen at. Default: every interface, any port. */
  readonly listen?: readonly string[];
  /** Addresses of peers, or invites; a text of several lines is as many. */
  readonly bootstrap?: readonly string[];
  /** Default: all. */
  readonly replicate?: Replicate;
  /** With `auto`: what is used at the most. */
  readonly limits?: ReplicateLimits;
  /** Whether peers on the local network are looked for. Default: yes. */
  readonly mdns?: boolean;
}

/** More copies of each entry than this are no help, and each costs time whenever somebody comes or goes. */
const MAX_REPLICAS = 100;

/** Throws `BAD_OPTION`. */
export function checkPeering(options: PeeringOptions): void {
  const { replicas, replicate = "all", roleAgeMs, beatMs, restartCheckMs } = options;
  checkOptions("peers", options, { listen: "texts", bootstrap: "texts", mdns: "flag", limits: "object" });
  if (replicas !== undefined && !(Number.isInteger(replicas) && replicas >= 1 && replicas <= MAX_REPLICAS)) {
    throw refused("replicas", replicas, `a whole number from 1 to ${MAX_REPLICAS}`);
  }
  const isShare = typeof replicate === "number" && replicate > 0 && replicate <= 1;
  if (!isShare && !["all", "none", "auto"].includes(replicate as string)) {
    throw refused("replicate", replicate, '"all", "none", "auto", or a number above 0, and 1 at the most');
  }
  for (const [name, value] of Object.entries({ beatMs, restartCheckMs })) {
    if (value !== undefined && !isDuration(value, 1)) throw refused(name, value, "milliseconds, from 1 to 2^31 - 1");
  }
  if (roleAgeMs !== undefined && !isDuration(roleAgeMs, 0)) {
    throw refused("roleAgeMs", roleAgeMs, "milliseconds, from 0 to 2^31 - 1");
  }
  checkLimits(options);
}

/** What a timer can wait for. */
function isDuration(value: unknown, least: number): boolean {
  return typeof value === "number" && value >= least && value < 2 ** 31;
}

function checkLimits({ limits = {}, replicate = "all" }: PeeringOptions): void {
  const set = Object.entries(limits).filter(([, value]) => value !== undefined);
  for (const [name, value] of set) {
    if (Number.isFinite(value) && (value as number) > 0) continue;
    throw new HoldfastError("BAD_OPTION", `the limit ${name} is no number above 0: ${String(value).slice(0, 40)}`, {
      hint: "storageBytes is in bytes, load in processors: 0.25 is a quarter of one.",
    });
  }
  if (set.length === 0 || replicate === "auto") return;
  throw new HoldfastError("BAD_OPTION", `with replicate: ${replicate} there are no limits`, {
    hint: "Limits are for replicate: auto.",
  });
}

function refused(name: string, value: unknown, wanted: string): HoldfastError {
  return new HoldfastError("BAD_OPTION", `the option \`${name}\` of peers is ${String(value).slice(0, 40)}`, {
    hint: `Give ${wanted}, or leave it out.`,
  });
}

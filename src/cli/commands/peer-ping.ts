import { HoldfastError } from "../../errors.ts";
import { Layout } from "../../store/index.ts";
import { requirePeersNow } from "../../workspace/peer-record.ts";
import type { Call, Outcome } from "../call.ts";
import { columns } from "../text.ts";

const KEY_DIGITS = 12;

export async function run(call: Call): Promise<Outcome> {
  const { peers } = requirePeersNow(new Layout(call.folder()));
  const [wanted] = call.args;
  const asked = peers.filter(({ peer }) => wanted === undefined || peer.startsWith(wanted));
  if (wanted !== undefined && asked.length === 0) {
    throw new HoldfastError("NOT_FOUND", `no peer that is there begins with ${JSON.stringify(wanted.slice(0, 80))}`, {
      hint: "`holdfast peer list` shows those that are.",
    });
  }
  const pings = asked.map(({ peer, ping_ms }) => ({ peer, ping_ms }));
  return {
    json: { peers: pings },
    text: () =>
      columns(
        pings.map(({ peer, ping_ms: pingMs }) => [
          peer.slice(0, KEY_DIGITS),
          pingMs === null ? "no answer yet" : `${pingMs.toFixed(1)} ms`,
        ]),
      ),
  };
}

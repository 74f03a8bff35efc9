import { Layout } from "../../store/index.ts";
import { requirePeersNow } from "../../workspace/peer-record.ts";
import type { Call, Outcome } from "../call.ts";
import { columns } from "../text.ts";

const KEY_DIGITS = 12;

export async function run(call: Call): Promise<Outcome> {
  const { id, peers, away, converged, entries } = requirePeersNow(new Layout(call.folder()));
  return {
    json: { id, peers, away, converged, entries },
    text: () =>
      columns([
        ["peer", "holds", "even", "ping"],
        ...peers.map(({ peer, replicates, converged: isEven, ping_ms: pingMs }) => [
          peer.slice(0, KEY_DIGITS),
          `${Math.round(replicates * 100)} %`,
          isEven ? "yes" : "no",
          pingMs === null ? "-" : `${pingMs.toFixed(1)} ms`,
        ]),
        ...away.map((peer) => [peer.slice(0, KEY_DIGITS), "", "away", ""]),
      ]),
  };
}

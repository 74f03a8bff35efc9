import { Layout } from "../../store/index.ts";
import { requirePeersNow } from "../../workspace/peer-record.ts";
import type { PeeringShown } from "../../workspace/peering.ts";
import type { Call, Outcome } from "../call.ts";
import { columns } from "../text.ts";

const KEY_DIGITS = 12;
/** The ring, drawn as a line. */
const WIDTH = 64;

export async function run(call: Call): Promise<Outcome> {
  const { id, segments } = requirePeersNow(new Layout(call.folder()));
  return {
    json: { segments },
    text: () =>
      columns(
        segments.map((segment) => [
          `${segment.peer.slice(0, KEY_DIGITS)}${segment.peer === id ? " (this one)" : ""}`,
          drawn(segment),
          `${Math.round(segment.share * 100)} %${segment.mature ? "" : ", young"}`,
        ]),
      ),
  };
}

/** `#` where it holds the ring, from 0 on the left to the end on the right. */
function drawn({ from, share }: PeeringShown["segments"][number]): string {
  return Array.from({ length: WIDTH }, (_, column) => {
    const at = (column + 0.5) / WIDTH;
    const distance = (((at - from) % 1) + 1) % 1;
    return distance < share ? "#" : ".";
  }).join("");
}

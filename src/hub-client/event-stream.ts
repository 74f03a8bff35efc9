// Reads a hub's server-sent events. Only what a hub sends: `event`, `id`, `data` on one line each, and comments.

import type { HoldfastError } from "../errors.ts";
import type { HubEvent } from "../hub/protocol.ts";
import { HEAD_HINT, inShape, LISTED, READY, ShapeError } from "./hub-answers.ts";
import { noAnswerOfAHub, refusalOf } from "./hub-refusal.ts";

/** Characters of one event at the most: a note of 1 MiB, escaped as JSON at its worst. */
const MAX_EVENT_CHARS = 8 * 1_024 * 1_024;

/** The events of the stream from `url`, as bytes cut anywhere. Throws what an `error` event says; `HUB_ERROR` for what no
 *  hub says. */
export async function* parseEvents(
  url: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<HubEvent, void, undefined> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    // Only the new text can complete an event; a long event is not scanned again from its start.
    let from = Math.max(0, pending.length - 1);
    pending += text;
    for (let end = pending.indexOf("\n\n", from); end !== -1; end = pending.indexOf("\n\n")) {
      const event = parseEvent(url, pending.slice(0, end));
      pending = pending.slice(end + 2);
      from = 0;
      if (event !== undefined) yield event;
    }
    if (pending.length > MAX_EVENT_CHARS) throw rubbish(url, "an event without end");
  }
}

function parseEvent(url: string, block: string): HubEvent | undefined {
  let name = "";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice("event: ".length);
    else if (line.startsWith("data: ")) data += line.slice("data: ".length);
  }
  if (name === "") return undefined;
  let refusal: HoldfastError;
  try {
    const value: unknown = JSON.parse(data);
    switch (name) {
      case "ready":
        return { event: "ready", ...inShape(value, READY) };
      case "entry":
        return { event: "entry", entry: inShape(value, LISTED) };
      case "head":
        return { event: "head", ...inShape(value, HEAD_HINT) };
      case "error":
        refusal = refusalOf(value, 0);
        break;
      default:
        // A later hub may say more; what is not known is not for us.
        return undefined;
    }
  } catch (error) {
    throw rubbish(url, `the event ${name}: ${error instanceof ShapeError ? error.message : "it is not JSON"}`, error);
  }
  throw refusal;
}

function rubbish(url: string, what: string, cause?: unknown): HoldfastError {
  return noAnswerOfAHub(`${url}/v1/events`, 200, what, { cause });
}

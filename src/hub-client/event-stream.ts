// Reads a hub's server-sent events. Only what a hub sends: `event`, `id`, `data` on one line each, and comments.

import { HoldfastError } from "../errors.ts";
import type { HubEvent, Listed } from "../hub/protocol.ts";
import { fromErrorBody } from "./hub-wire.ts";

/** Characters of one event at the most: a note of 1 MiB, escaped as JSON at its worst. */
const MAX_EVENT_CHARS = 8 * 1_024 * 1_024;

/** The events of a stream of bytes, cut anywhere. Throws what an `error` event says; `HUB_ERROR` for rubbish. */
export async function* parseEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<HubEvent, void, undefined> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    // Only the new text can complete an event; a long event is not scanned again from its start.
    let from = Math.max(0, pending.length - 1);
    pending += text;
    for (let end = pending.indexOf("\n\n", from); end !== -1; end = pending.indexOf("\n\n")) {
      const event = parseEvent(pending.slice(0, end));
      pending = pending.slice(end + 2);
      from = 0;
      if (event !== undefined) yield event;
    }
    if (pending.length > MAX_EVENT_CHARS) throw rubbish("an event without end");
  }
}

function parseEvent(block: string): HubEvent | undefined {
  let name = "";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice("event: ".length);
    else if (line.startsWith("data: ")) data += line.slice("data: ".length);
  }
  if (name === "") return undefined;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(data) as Record<string, unknown>;
  } catch (error) {
    throw rubbish(`the event ${name} is not JSON`, error);
  }
  switch (name) {
    case "ready":
      return { event: "ready", epoch: String(value.epoch), sequence: Number(value.sequence) };
    case "entry":
      return { event: "entry", entry: value as unknown as Listed };
    case "head":
      return { event: "head", sequence: Number(value.sequence) };
    case "error":
      throw fromErrorBody(value, 0);
    default:
      // A later hub may say more; what is not known is not for us.
      return undefined;
  }
}

function rubbish(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError("HUB_ERROR", `the hub's event stream cannot be read: ${what}`, {
    hint: "Check that the URL is a Holdfast hub of this version.",
    cause,
  });
}

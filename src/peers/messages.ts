// What peers say to each other: one CBOR map a frame. Every shape and every bound is here, and is checked where a frame comes in,
// so that the rest never meets anything else.

import { z } from "zod";
import { decode, encode } from "../entries/cbor.ts";
import { MAX_BLOCK_BYTES } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { MAX_SEGMENTS } from "./segments.ts";

/** Content that travels with its entry, bytes at the most; larger ones are fetched piece by piece. */
export const INLINE_BYTES = 64 * 1_024;
/** One piece of a content. */
export const PIECE_BYTES = 256 * 1_024;
/** Entries in one message at the most. */
export const MAX_ENTRIES = 1_024;
/** Ids in one message at the most. */
export const MAX_IDS = 8_192;
/** Ranges asked about in one message at the most. */
export const MAX_RANGES = 256;
const MAX_TOPICS = 64;
/** Members told of in one message at the most. */
export const MAX_MEMBERS = 100;
/** Addresses of one of them at the most. */
export const MAX_ADDRESSES = 16;
const PROOF_BYTES = 32;
const SUM_BYTES = 32;
const SIGNATURE_BYTES = 64;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A CBOR integer is a number where that is exact, and a bigint beyond. */
const u64 = z.union([count.transform(BigInt), z.bigint().min(0n).max(0xffff_ffff_ffff_ffffn)]);
const bytes = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length);
const bytesUpTo = (most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most);
const topic = z.string().regex(/^[0-9a-f]{32}$/);
const author = z.string().regex(/^[0-9a-f]{64}$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const entryId = z.string().regex(/^bafyrei[a-z2-7]{52}$/);
/** The beginning of a place in the order of entries (entry-index.ts). */
const place = z.string().regex(/^[0-9a-f]{0,80}$/);
const wholePlace = z.string().regex(/^[0-9a-f]{80}$/);
const addresses = z.array(z.string().max(512)).max(MAX_ADDRESSES);
const error = z.object({ code: z.string().max(64), message: z.string().max(4_096) });

const segment = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  owner: author,
  start: u64,
  span: u64,
  ageMs: count,
});
const summed = z.object({ from: place, to: place, count, sum: bytes(SUM_BYTES) });
const carried = z.object({ block: bytesUpTo(MAX_BLOCK_BYTES), content: bytesUpTo(INLINE_BYTES).nullable() });

const call = z.discriminatedUnion("call", [
  /** How do these ranges differ from yours? */
  z.object({ call: z.literal("compare"), ranges: z.array(summed).min(1).max(MAX_RANGES) }),
  /** Entries of a range in their order, after one, as many as fit. */
  z.object({ call: z.literal("page"), from: place, to: place, after: place, maxBytes: count }),
  z.object({ call: z.literal("entries"), ids: z.array(entryId).min(1).max(MAX_ENTRIES) }),
  z.object({ call: z.literal("piece"), hash, offset: count, length: count.max(PIECE_BYTES) }),
  z.object({ call: z.literal("take"), entries: z.array(carried).min(1).max(MAX_ENTRIES) }),
  /** Which of these do you hold, as one of their leaders? */
  z.object({ call: z.literal("hold"), places: z.array(wholePlace).min(1).max(MAX_IDS) }),
  /** Let me bring your entries to the hub of this epoch. */
  z.object({ call: z.literal("vouch"), epoch: z.string().regex(/^[0-9A-Za-z_-]{1,128}$/) }),
]);

/** For one range: it is the same; its parts; or the ids in it. `held` counts what is on its way to the asker already. */
const compared = z.discriminatedUnion("is", [
  z.object({ is: z.literal("same") }),
  z.object({ is: z.literal("parts"), parts: z.array(summed).min(1).max(16) }),
  z.object({ is: z.literal("ids"), ids: z.array(entryId).max(MAX_IDS) }),
  z.object({ is: z.literal("many"), count }),
]);

const result = z.discriminatedUnion("call", [
  z.object({ call: z.literal("compare"), answers: z.array(compared).min(1).max(MAX_RANGES) }),
  z.object({ call: z.literal("page"), entries: z.array(carried).max(MAX_ENTRIES), last: place, more: z.boolean() }),
  z.object({ call: z.literal("entries"), entries: z.array(carried).max(MAX_ENTRIES), unknown: z.array(entryId) }),
  z.object({ call: z.literal("piece"), bytes: bytesUpTo(PIECE_BYTES).nullable() }),
  z.object({
    call: z.literal("take"),
    taken: z.array(entryId).max(MAX_ENTRIES),
    refused: z.array(error).max(MAX_ENTRIES),
  }),
  /** `gone`: the deletes that took others of them away. */
  z.object({ call: z.literal("hold"), places: z.array(wholePlace).max(MAX_IDS), gone: z.array(entryId).max(MAX_IDS) }),
  z.object({ call: z.literal("vouch"), proof: bytes(SIGNATURE_BYTES) }),
]);

const message = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("subscribe"),
    topics: z.array(z.object({ topic, session: count, proof: bytes(PROOF_BYTES) })).max(MAX_TOPICS),
    /** The receiver is to tell what it is subscribed to. */
    ask: z.boolean(),
  }),
  z.object({ t: z.literal("unsubscribe"), topics: z.array(z.object({ topic, session: count })).max(MAX_TOPICS) }),
  z.object({
    t: z.literal("announce"),
    topic,
    session: count,
    n: count,
    kind: z.enum(["full", "added", "stopped"]),
    // One more than allowed gets through, so that it is refused as what it is.
    segments: z.array(segment).max(MAX_SEGMENTS + 1),
  }),
  z.object({ t: z.literal("announce?"), topic }),
  /** Which other members are there? And tell them where I can be reached. */
  z.object({ t: z.literal("members?"), topic, addresses }),
  /** Other members, and where they can be reached. */
  z.object({
    t: z.literal("members"),
    topic,
    members: z
      .array(z.object({ peer: author, addresses: z.array(z.string().max(512)).max(MAX_ADDRESSES) }))
      .max(MAX_MEMBERS),
  }),
  z.object({
    t: z.literal("beat"),
    topic,
    /** Of the sender's subscription, and its newest announcement. */
    session: count,
    n: count,
    /** Grows whenever what the sender holds changes. */
    revision: count,
    /** Grows with each beat to anybody: what is told late is not believed. */
    k: count,
    /** The receiver's revision up to which the sender has everything it wants of it, in that session of the receiver; null: none. */
    seen: z.object({ session: count, revision: count }).nullable(),
    /** Asks for a beat back with this number as its `echo`; null: asks for none. */
    probe: count.nullable(),
    echo: count.nullable(),
  }),
  z.object({ t: z.literal("call"), topic, id: count, call }),
  z.object({ t: z.literal("answer"), topic, id: count, result: z.union([result, z.object({ error })]) }),
  /** Why something the receiver sent was not taken in. */
  z.object({ t: z.literal("refused"), topic, error }),
]);

export type Message = z.output<typeof message>;
export type Call = z.output<typeof call>;
export type Result = z.output<typeof result>;
export type CarriedEntry = z.output<typeof carried>;
export type SummedRange = z.output<typeof summed>;
export type Compared = z.output<typeof compared>;
export type ResultOf<C extends Call["call"]> = Extract<Result, { call: C }>;

export function encodeMessage(what: Message): Uint8Array {
  return encode(what);
}

/** Throws `BAD_MESSAGE` for what is none. */
export function decodeMessage(frame: Uint8Array): Message {
  let value: unknown;
  try {
    value = decode(frame);
  } catch (cause) {
    throw badMessage("it is not canonical CBOR", cause);
  }
  const read = message.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw badMessage(`${issue?.path.join(".") || "it"}: ${issue?.message ?? "not what is expected"}`);
}

function badMessage(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("BAD_MESSAGE", `a peer sent what is no message: ${why}`, {
    hint: "It was not taken in. That peer runs another version of Holdfast, or is none.",
    cause,
  });
}

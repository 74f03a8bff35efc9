// What a hub and its clients say to each other: paths, limits and shapes, and nothing that runs. Both sides import this
// file, so it imports neither hono nor zod: a command line that only talks to a hub starts fast.
//
// Everything lies under `/v1` and wants `Authorization: Bearer TOKEN`; `/healthz` and `/openapi.json` want nothing.
// A failure is answered 4xx or 5xx with an `ErrorBody` in JSON. Entries travel as their blocks, in DAG-CBOR.

import type { Author, ContentHash, EntryId, EntryKind } from "../entries/index.ts";

export const CBOR = "application/cbor";
export const JSON_TYPE = "application/json";
export const EVENT_STREAM = "text/event-stream";

/** What one hub accepts. Told by `GET /v1/workspace`, so that a client need not guess. */
export interface HubLimits {
  /** Bytes of a note's content (collections `notes/...`). */
  readonly noteBytes: number;
  /** Bytes of any other content. */
  readonly fileBytes: number;
  /** Entries in one append, hashes or documents in one question, entries in one page. */
  readonly batchEntries: number;
  /** Bytes of a content that travels inside an append or a page; larger ones travel by `/v1/contents`. */
  readonly inlineBytes: number;
  /** Bytes of one append's body. */
  readonly batchBytes: number;
}

export const DEFAULT_LIMITS: HubLimits = {
  noteBytes: 1_048_576,
  fileBytes: 104_857_600,
  batchEntries: 1_000,
  inlineBytes: 65_536,
  batchBytes: 33_554_432,
};

/** Bytes of inline contents (or of texts) in one page, about; a page always holds one entry if there is one. */
export const PAGE_CONTENT_BYTES = 8_388_608;
/** Comment lines keep an idle event stream alive, ms between them. */
export const HEARTBEAT_MS = 15_000;
/** What an author signs to register a key: this, then the hub's epoch. */
export const KEY_REGISTRATION_CONTEXT = "holdfast key registration\n";

export type Role = "admin" | "member";

/** The body of every failure. */
export interface ErrorBody {
  readonly error: string;
  /** An `ErrorCode`. */
  readonly code: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** `GET /v1/workspace` */
export interface WorkspaceInfo {
  readonly workspace: string;
  readonly name: string;
  /** Random; made with the hub's storage. Another epoch is another hub, whatever its address. */
  readonly epoch: string;
  /** The sequence of the newest entry; 0 when there is none. */
  readonly sequence: number;
  /** The role of the token that asked. */
  readonly role: Role;
  readonly limits: HubLimits;
}

/** `POST /v1/keys` */
export interface KeyRegistration {
  readonly publicKey: Author;
  /** Base64 of the signature over `KEY_REGISTRATION_CONTEXT` + epoch. */
  readonly proof: string;
}

/** `POST /v1/entries`, in DAG-CBOR. */
export interface AppendRequest {
  readonly entries: readonly Uint8Array[];
  /** Contents of up to `inlineBytes` each, by their hash. */
  readonly contents: Readonly<Record<ContentHash, Uint8Array>>;
}

export interface AppendResult {
  readonly id: EntryId;
  readonly sequence: number;
  /** This key was published before: id and sequence are those of that first time. */
  readonly repeated: boolean;
}

export interface AppendResponse {
  readonly epoch: string;
  /** The hub's head after the append. */
  readonly sequence: number;
  /** Parallel to the request's entries. */
  readonly results: readonly AppendResult[];
}

/** Who holds a document or a name right now. */
export interface Head {
  /** Null for an artifact that has no identity beyond its name. */
  readonly doc: EntryId | null;
  readonly entry: EntryId;
  /** 0 for one that is part of the refused batch itself. */
  readonly sequence: number;
  readonly collection: string;
  readonly name: string;
  readonly deleted: boolean;
}

export interface Conflict {
  /** Place of the entry in the batch. */
  readonly index: number;
  readonly id: EntryId;
  /** `STALE_BASE`: the base named is not the head. `PATH_TAKEN`: the name is held by another live document. */
  readonly reason: "STALE_BASE" | "PATH_TAKEN";
  /** The document's head (stale base) or the holder of the name (path taken); null when there is none. */
  readonly current: Head | null;
}

/** `GET /v1/entries`, in DAG-CBOR. */
export interface Page {
  readonly epoch: string;
  /** The hub's head. Lower than the `since` asked for: the hub was restored from an older state. */
  readonly sequence: number;
  /** Where to go on from: the last sequence looked at. Equal to `sequence` at the end. */
  readonly next: number;
  readonly entries: readonly PageEntry[];
}

export interface PageEntry {
  readonly sequence: number;
  readonly block: Uint8Array;
  /** Only when asked for, and up to `inlineBytes`. */
  readonly content?: Uint8Array;
}

/** An entry as JSON: in `GET /v1/entries` without CBOR, and in event streams. */
export interface Listed {
  readonly sequence: number;
  readonly id: EntryId;
  readonly collection: string;
  readonly name: string;
  readonly kind: EntryKind;
  readonly author: Author;
  /** ISO 8601, from the entry's clock. */
  readonly time: string;
  /** The content of a note. */
  readonly text?: string;
}

export interface ListedPage {
  readonly epoch: string;
  readonly sequence: number;
  readonly next: number;
  readonly entries: readonly Listed[];
}

/** `POST /v1/documents/status`. The state is that of the document's head entry. */
export interface DocumentStatus {
  readonly doc: EntryId;
  readonly entry: EntryId;
  readonly sequence: number;
  readonly state: "queued" | "indexing" | "done" | "failed";
  /** Why it failed. */
  readonly reason?: string;
}

/** `GET /v1/search`: one matching line. */
export interface SearchResult {
  readonly collection: string;
  readonly name: string;
  readonly doc: EntryId | null;
  readonly entry: EntryId;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Greater is better. */
  readonly score: number;
}

export interface TokenInfo {
  readonly id: string;
  readonly role: Role;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

export interface NewToken {
  readonly id: string;
  /** 32 random bytes in base64url; told this once. */
  readonly token: string;
}

/** The events of `GET /v1/events`, by their SSE name. An `error` is an `ErrorBody`, and the last. */
export type HubEvent =
  | { readonly event: "ready"; readonly epoch: string; readonly sequence: number }
  | { readonly event: "entry"; readonly entry: Listed }
  /** Only with `data=wake`: something newer than what was told before; many may have become one. */
  | { readonly event: "head"; readonly sequence: number };

// The hub: gives every entry of a workspace the next sequence, keeps heads and contents, streams what is new.
//
// Where to start: protocol.ts (what is said on the wire), hub.ts (the fetch handler), storage.ts (the port to what is
// kept; sqlite-*.ts implements it), heads.ts (which entry may replace which), serve.ts (on Node's HTTP server).
// Importing this loads the server's framework: whoever only talks to a hub imports protocol.ts.

export { createHub, type Hub, type HubBindings, type HubOptions } from "./hub.ts";
export type * from "./protocol.ts";
export { DEFAULT_LIMITS } from "./protocol.ts";
export { type ServedHub, type ServeOptions, type StartedHub, type StartOptions, serveHub, startHub } from "./serve.ts";
export { openTokens, SqliteStorage } from "./sqlite-storage.ts";
export type * from "./storage.ts";

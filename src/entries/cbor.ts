// DAG-CBOR and CIDs, loaded when the first entry is encoded or decoded: thirty modules, which take longer to load than
// giving out a small artifact takes. `data get` does without (store/version-facts.ts).

import { createRequire } from "node:module";

type Codec = typeof import("@ipld/dag-cbor");
type Cids = typeof import("multiformats/cid");

export type { CID } from "multiformats/cid";

const require = createRequire(import.meta.url);
let loaded: { readonly codec: Codec; readonly cids: Cids } | undefined;

function load(): { readonly codec: Codec; readonly cids: Cids } {
  loaded ??= { codec: require("@ipld/dag-cbor") as Codec, cids: require("multiformats/cid") as Cids };
  return loaded;
}

export function encode(value: unknown): Uint8Array {
  return load().codec.encode(value);
}

export function decode(bytes: Uint8Array): unknown {
  return load().codec.decode(bytes);
}

/** Reads, tells and makes CIDs. */
export function cids(): Cids["CID"] {
  return load().cids.CID;
}

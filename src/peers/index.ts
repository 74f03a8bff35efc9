// Peers: the shared log without a hub. See shared-log.ts first.

export { Adaptation, type ReplicateLimits } from "./adaptation.ts";
export { PeerNode, type PeerNodeOptions } from "./peer-node.ts";
export { PeersDb } from "./peers-db.ts";
export { processLoad } from "./process-load.ts";
export { parseByteCount, parseReplicate, type Replicate } from "./replicate.ts";
export type { LogStatus, PeerStatus, SharedLog, SharedLogEvents, SharedLogOptions } from "./shared-log.ts";
export { StoreHoldings } from "./store-holdings.ts";
export { processTime } from "./time.ts";
export { TopicKey } from "./topic-key.ts";
export {
  bestInvite,
  ensureWorkspaceKey,
  formatPeerInvite,
  keepWorkspaceKey,
  type PeerInvite,
  parsePeerInvites,
  readWorkspaceKey,
} from "./workspace-key.ts";

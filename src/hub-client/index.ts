// The hub client: cursor, sync lock, outbox, publishing, listening. It speaks entries and does not know what is in them.

export { HubApi, type HubApiOptions, keyProof } from "./hub-api.ts";
export { type HubLink, readHubLink, writeHubLink } from "./hub-link.ts";
export { type ListenOptions, listenEntries } from "./listen.ts";
export { isSubscribed, layOutNotes, noteFile, subscribedTopics, subscribeTopics } from "./notes.ts";
export * from "./outbox.ts";
export { type PublishParts, publishNote } from "./publish.ts";
export {
  adopt,
  askPage,
  fillInNotes,
  hasDeferred,
  type PageAhead,
  type PullParts,
  passOwnEntries,
  pullPage,
  requireEpoch,
  retryDeferred,
  type Sequenced,
} from "./pull.ts";
export { isEntryFault, type PushOutcome, type PushParts, pushBatch } from "./push.ts";
export { awaitDone, countAwaiting, pollStatus } from "./status-poller.ts";
export { SyncDb } from "./sync-db.ts";
export { takeSyncLock } from "./sync-lock.ts";
export { type SyncStatus, syncStatus } from "./sync-status.ts";

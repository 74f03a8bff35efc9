// holdfast: open a workspace, put and get versions, publish and listen, keep a folder in step.

export type { Author, Content, ContentHash, Entry, EntryId, EntryKind } from "./entries/index.ts";
export { type ErrorCode, HoldfastError, isHoldfastError, NotFoundError } from "./errors.ts";
export * from "./workspace/index.ts";

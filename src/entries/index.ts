// The entry and what belongs to it: see `entry.ts` first.

export * from "./clock.ts";
export * from "./entry.ts";
export { entryIdOf, parseEntryId } from "./entry-id.ts";
export { MAX_PARENTS, MAX_TAGS } from "./entry-wire.ts";
export * from "./identity.ts";
export * from "./names.ts";
export { Recent } from "./recent.ts";

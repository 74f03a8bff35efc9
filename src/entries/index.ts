// The entry and what belongs to it: see `entry.ts` first.

export * from "./clock.ts";
export * from "./entry.ts";
export * from "./identity.ts";
export * from "./names.ts";

import type { EntryId } from "./entry.ts";

/** What is known of the entries met last. Bounded: two generations, the older is dropped when the younger is full. */
export class Recent<T> {
  private readonly limit: number;
  private young = new Map<EntryId, T>();
  private old = new Map<EntryId, T>();

  /** Keeps at least the last `limit`, and at most twice as many. */
  constructor(limit: number) {
    this.limit = limit;
  }

  get(id: EntryId): T | undefined {
    return this.young.get(id) ?? this.old.get(id);
  }

  set(id: EntryId, known: T): void {
    this.young.set(id, known);
    if (this.young.size < this.limit) return;
    this.old = this.young;
    this.young = new Map();
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}

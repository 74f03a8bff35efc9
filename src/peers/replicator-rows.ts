// What is kept of other peers over a restart: their last announcements. One port; peers-db.ts keeps it in SQLite.

import type { Author } from "../entries/index.ts";
import type { Segment } from "./segments.ts";

export interface ReplicatorRow {
  readonly peer: Author;
  readonly session: number;
  readonly n: number;
  readonly segments: readonly Segment[];
}

export interface ReplicatorRows {
  load(): readonly ReplicatorRow[];
  put(row: ReplicatorRow): void;
  remove(peer: Author): void;
  /** All of `body`'s changes or none. */
  transaction<T>(body: () => T): T;
}

/** Kept as long as the process lives. */
export class RowsInMemory implements ReplicatorRows {
  private readonly rows = new Map<Author, ReplicatorRow>();

  load(): readonly ReplicatorRow[] {
    return [...this.rows.values()];
  }
  put(row: ReplicatorRow): void {
    this.rows.set(row.peer, row);
  }
  remove(peer: Author): void {
    this.rows.delete(peer);
  }
  transaction<T>(body: () => T): T {
    return body();
  }
}

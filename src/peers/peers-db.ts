// peers.db: what a copy remembers of other peers over a restart: the segments they announced, and where they could be reached. And
// its own *incarnation*, a number that grows with each start, by which what it says now is told from what it said in an earlier
// life. Lost or damaged it is made anew; the incarnation then begins at the present time in seconds, which is above all that were.

import { lockPath } from "../coordination/index.ts";
import type { Author } from "../entries/index.ts";
import { IndexDatabase, type Layout } from "../store/index.ts";
import type { ReplicatorRow, ReplicatorRows } from "./replicator-rows.ts";
import type { Segment } from "./segments.ts";

const FORMAT = 1;
/** Peers whose addresses are kept; those heard of longest ago are dropped. */
const MAX_ADDRESSES = 1_000;

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  -- The last announcement of each peer; segments as JSON, numbers in decimal.
  CREATE TABLE replicators (peer TEXT PRIMARY KEY, session INTEGER NOT NULL, n INTEGER NOT NULL, segments TEXT NOT NULL) WITHOUT ROWID;
  -- Where peers could be reached; heard grows with each time that one was.
  CREATE TABLE addresses (peer TEXT PRIMARY KEY, addresses TEXT NOT NULL, heard INTEGER NOT NULL) WITHOUT ROWID;
`;

interface SegmentJson {
  readonly id: string;
  readonly start: string;
  readonly span: string;
}

export class PeersDb implements ReplicatorRows, Disposable {
  private readonly db: IndexDatabase;

  private constructor(db: IndexDatabase) {
    this.db = db;
  }

  static open(layout: Layout): PeersDb {
    const db = IndexDatabase.open({
      path: layout.peersFile,
      check: "whole",
      lock: { path: lockPath(layout.locks, "peers"), scope: "peers", patienceMs: 5_000 },
      prepare: (fresh) => {
        // A number that was used must not be used again after a power loss.
        fresh.exec("PRAGMA synchronous = FULL");
        if (fresh.format() === FORMAT) return;
        fresh.transaction(() => {
          if (fresh.format() !== FORMAT) fresh.makeTables(SCHEMA, FORMAT);
        });
      },
    });
    return new PeersDb(db);
  }

  [Symbol.dispose](): void {
    this.db[Symbol.dispose]();
  }

  /** A number above all that were given before, for a start. */
  nextIncarnation(): number {
    return this.db.transaction(() => {
      const last = this.db.get<{ value: number }>("SELECT value FROM meta WHERE key = 'incarnation'")?.value ?? 0;
      const next = Math.max(last + 1, Math.floor(Date.now() / 1_000));
      this.db.run("INSERT OR REPLACE INTO meta VALUES ('incarnation', ?)", next);
      return next;
    });
  }

  load(): readonly ReplicatorRow[] {
    const rows = this.db.all<{ peer: Author; session: number; n: number; segments: string }>(
      "SELECT * FROM replicators",
    );
    return rows.map(({ peer, session, n, segments }) => ({
      peer,
      session,
      n,
      segments: (JSON.parse(segments) as SegmentJson[]).map(
        ({ id, start, span }): Segment => ({ id, owner: peer, start: BigInt(start), span: BigInt(span) }),
      ),
    }));
  }

  put({ peer, session, n, segments }: ReplicatorRow): void {
    const json = segments.map(({ id, start, span }): SegmentJson => ({ id, start: `${start}`, span: `${span}` }));
    this.db.run("INSERT OR REPLACE INTO replicators VALUES (?, ?, ?, ?)", peer, session, n, JSON.stringify(json));
  }

  remove(peer: Author): void {
    this.db.run("DELETE FROM replicators WHERE peer = ?", peer);
  }

  transaction<T>(body: () => T): T {
    return this.db.transaction(body);
  }

  rememberAddresses(peer: Author, addresses: readonly string[]): void {
    if (addresses.length === 0) return;
    this.db.transaction(() => {
      const known = this.db.get<{ heard: number | null }>("SELECT max(heard) AS heard FROM addresses")?.heard ?? 0;
      this.db.run("INSERT OR REPLACE INTO addresses VALUES (?, ?, ?)", peer, JSON.stringify(addresses), known + 1);
      this.db.run(
        "DELETE FROM addresses WHERE heard <= (SELECT heard FROM addresses ORDER BY heard DESC LIMIT 1 OFFSET ?)",
        MAX_ADDRESSES,
      );
    });
  }

  addresses(): { peer: Author; addresses: readonly string[] }[] {
    const rows = this.db.all<{ peer: Author; addresses: string }>(
      "SELECT peer, addresses FROM addresses ORDER BY heard DESC",
    );
    return rows.map(({ peer, addresses }) => ({ peer, addresses: JSON.parse(addresses) as string[] }));
  }
}

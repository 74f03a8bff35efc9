// Tokens and the author keys registered with them, in SQLite. A token is kept as its sha-256 only.

import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Author } from "../entries/index.ts";
import { NotFoundError } from "../errors.ts";
import type { NewToken, Role, TokenInfo } from "./protocol.ts";
import { type DatabaseSync, type StatementSync, sqliteFailure, transaction } from "./sqlite-database.ts";
import type { KnownToken, TokenStorage } from "./storage.ts";

const TOKEN_BYTES = 32;
const TOKEN_ID_BYTES = 6;

export class SqliteTokens implements TokenStorage {
  private readonly db: DatabaseSync;
  private readonly path: string;
  private readonly onChanged: () => void;
  private readonly byHash: StatementSync;
  private readonly byId: StatementSync;
  private readonly authorsOf: StatementSync;
  private readonly addAuthor: StatementSync;

  constructor(db: DatabaseSync, path: string, onChanged: () => void) {
    this.db = db;
    this.path = path;
    this.onChanged = onChanged;
    this.byHash = db.prepare("SELECT id, role, hash FROM tokens WHERE hash = ? AND revokedAt IS NULL");
    this.byId = db.prepare("SELECT revokedAt FROM tokens WHERE id = ?");
    this.authorsOf = db.prepare("SELECT author FROM authors WHERE token = ?");
    this.addAuthor = db.prepare("INSERT OR IGNORE INTO authors VALUES (?, ?)");
  }

  async create(role: Role): Promise<NewToken> {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    const id = randomBytes(TOKEN_ID_BYTES).toString("hex");
    this.write(() =>
      this.db
        .prepare("INSERT INTO tokens VALUES (?, ?, ?, ?, NULL)")
        .run(id, digestOf(token), role, new Date().toISOString()),
    );
    return { id, token };
  }

  async list(): Promise<TokenInfo[]> {
    const rows = this.db.prepare("SELECT id, role, createdAt, revokedAt FROM tokens ORDER BY createdAt, id").all();
    return rows.map(({ id, role, createdAt, revokedAt }) => ({
      id: String(id),
      role: role === "admin" ? "admin" : "member",
      createdAt: String(createdAt),
      revokedAt: revokedAt === null ? null : String(revokedAt),
    }));
  }

  async revoke(id: string): Promise<void> {
    const row = this.byId.get(id);
    if (row === undefined) {
      throw new NotFoundError(`there is no token ${JSON.stringify(id.slice(0, 80))}`, {
        hint: "`holdfast hub token list`, with the same --data, shows their ids.",
      });
    }
    if (row.revokedAt !== null) return;
    const now = new Date().toISOString();
    this.write(() =>
      this.db.prepare("UPDATE tokens SET revokedAt = ? WHERE id = ? AND revokedAt IS NULL").run(now, id),
    );
    this.onChanged();
  }

  async find(token: string): Promise<KnownToken | undefined> {
    const digest = digestOf(token);
    const row = this.byHash.get(digest);
    // The look-up runs over hashes, so its timing tells nothing of the token; equality is decided in constant time.
    if (row === undefined || !(row.hash instanceof Uint8Array) || !timingSafeEqual(row.hash, digest)) return undefined;
    return { id: String(row.id), role: row.role === "admin" ? "admin" : "member" };
  }

  async live(ids: readonly string[]): Promise<Set<string>> {
    return new Set(ids.filter((id) => this.byId.get(id)?.revokedAt === null));
  }

  async registerKey(tokenId: string, author: Author): Promise<void> {
    this.write(() => this.addAuthor.run(tokenId, author));
  }

  async authors(tokenId: string): Promise<ReadonlySet<Author>> {
    return new Set(this.authorsOf.all(tokenId).map(({ author }) => String(author)));
  }

  private write(body: () => unknown): void {
    try {
      transaction(this.db, body);
    } catch (error) {
      throw sqliteFailure(error, this.path);
    }
  }
}

function digestOf(token: string): Buffer {
  return hash("sha256", token, "buffer");
}

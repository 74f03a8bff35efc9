// For tests: a real hub and any number of real folders on it, all in this process.
//
//   await using world = await World.make(2);
//   world.a.write("f", "text");
//   const tree = await world.alike();     what every folder holds, once they hold the same and nothing waits anywhere

import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FILES } from "../../entries/index.ts";
import { type StartedHub, type StartOptions, startHub } from "../../hub/index.ts";
import { until } from "../../hub/testing/wait-until.ts";
import { HubApi, SyncDb, syncStatus } from "../../hub-client/index.ts";
import type { Deadlines } from "../../hub-client/transfer-deadline.ts";
import { initWorkspaceRecord, readContent, Store } from "../../store/index.ts";
import { type FolderEvent, FolderSync, type Outcome } from "../index.ts";
import { Wire } from "./wire.ts";

/** What is waited for comes at once on an idle machine; a busy one is given time. */
export const PATIENCE_MS = 20_000;
const WORKSPACE = { id: "00000000-0000-4000-8000-000000000001", name: "test" };

export interface Head {
  readonly doc: string;
  readonly path: string;
  readonly head: string;
}

/** Path to text; a directory is `dir`, a link `-> TARGET`, an executable `x TEXT`. */
export type Tree = Readonly<Record<string, string>>;

export class World implements AsyncDisposable {
  readonly root: string;
  readonly hub: StartedHub;
  readonly folders: TestFolder[] = [];

  private constructor(root: string, hub: StartedHub) {
    this.root = root;
    this.hub = hub;
  }

  /** A hub and `count` folders that are up. */
  static async make(count: number, options: Partial<StartOptions> = {}): Promise<World> {
    const root = mkdtempSync(join(tmpdir(), "holdfast-files-"));
    const hub = await startHub({
      dir: join(root, "hub"),
      port: 0,
      workspace: WORKSPACE,
      requestsPerSecond: 100_000,
      ...options,
    });
    const world = new World(root, hub);
    try {
      for (let n = 0; n < count; n += 1) await world.add();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One more folder, which is up unless told otherwise. */
  async add(options: { up?: boolean; deadlines?: Partial<Deadlines> } = {}): Promise<TestFolder> {
    const { token } = await this.hub.storage.tokens.create("member");
    const folder = new TestFolder(join(this.root, `folder ${this.folders.length + 1}`), this.hub.url, token, options);
    this.folders.push(folder);
    if (options.up !== false) await folder.start();
    return folder;
  }

  get a(): TestFolder {
    return this.nth(0);
  }
  get b(): TestFolder {
    return this.nth(1);
  }
  get c(): TestFolder {
    return this.nth(2);
  }
  private nth(n: number): TestFolder {
    const folder = this.folders[n];
    assert.ok(folder !== undefined, `there is a folder ${n + 1}`);
    return folder;
  }

  /** Waits until the hub has numbered so many entries. */
  async numbered(count: number): Promise<void> {
    await until(async () => (await this.atHub()).length === count, PATIENCE_MS);
  }

  /** One more folder, open and not kept in step, that has synced once since the first one saved `text` at `path`. */
  async joinedAfter(path: string, text: string): Promise<TestFolder> {
    this.a.write(path, text);
    await this.numbered(1);
    const joined = await this.add({ up: false });
    await (await joined.open()).syncOnce();
    return joined;
  }

  /** Every entry at the hub, as `KIND NAME`. */
  async atHub(): Promise<string[]> {
    const page = await new HubApi({ url: this.hub.url, token: this.hub.adminToken ?? "" }).listPage({
      since: 0,
      limit: 1_000,
    });
    return page.entries.map(({ kind, name }) => `${kind} ${name}`);
  }

  /**
   * Waits until all folders that are up hold the same and know the same, nothing waits to be sent and the hub has nothing
   * new. Returns what they hold.
   */
  async alike(wanted: (tree: Tree) => boolean = () => true): Promise<Tree> {
    const up = this.folders.filter((folder) => folder.isUp);
    let why = "";
    const isAlike = async (): Promise<boolean> => {
      // The cheap question first: trees are read whole.
      if (up.some((folder) => folder.sync.status().queue > 0)) {
        why = "something is queued";
        return false;
      }
      const trees = up.map((folder) => folder.tree());
      const [first = {}] = trees;
      if (new Set(trees.map((tree) => JSON.stringify(tree))).size !== 1) why = `they differ: ${shown(trees)}`;
      else if (!wanted(first)) why = `it is not what was wanted: ${shown(trees.slice(0, 1))}`;
      else if (new Set(up.map((folder) => JSON.stringify(folder.heads()))).size !== 1)
        why = "they know different heads";
      else {
        const { sequence } = await this.a.info();
        if (up.every((folder) => folder.db.cursor === sequence)) return true;
        why = "a cursor is behind";
      }
      return false;
    };
    await until(isAlike, PATIENCE_MS).catch(() => {
      throw new Error(`the folders did not become alike: ${why}`);
    });
    return this.a.tree();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.folders) await folder.stop(0);
    await this.hub.close();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

function shown(trees: readonly Tree[]): string {
  return trees.map((tree) => JSON.stringify(tree).slice(0, 1_500)).join("\n     and ");
}

interface Parts {
  readonly store: Store;
  readonly db: SyncDb;
  readonly sync: FolderSync;
}

export class TestFolder {
  readonly path: string;
  readonly wire = new Wire();
  readonly events: FolderEvent[] = [];
  private readonly url: string;
  private readonly deadlines: Partial<Deadlines> | undefined;
  private parts: Parts | undefined;
  token: string;
  api: HubApi;

  constructor(path: string, url: string, token: string, options: { deadlines?: Partial<Deadlines> } = {}) {
    this.path = path;
    this.url = url;
    this.token = token;
    this.deadlines = options.deadlines;
    mkdirSync(path);
    this.api = this.newApi();
  }

  private newApi(): HubApi {
    const { url, token, deadlines } = this;
    return new HubApi({ url, token, fetch: this.wire.fetch, ...(deadlines === undefined ? {} : { deadlines }) });
  }

  /** Opens the folder without keeping it in step: the test says when it pulls, scans and pushes. */
  async open(): Promise<FolderSync> {
    const { layout, identity } = initWorkspaceRecord(this.path, WORKSPACE);
    const store = new Store(layout, identity);
    await store.recovered();
    const db = SyncDb.open(layout);
    this.api = this.newApi();
    const sync = await FolderSync.open({
      store,
      db,
      layout,
      api: this.api,
      onEvent: (event) => this.events.push(event),
    });
    this.parts = { store, db, sync };
    return sync;
  }
  async start(): Promise<void> {
    await (await this.open()).start();
  }
  /** Returns what was left in the queue. */
  async stop(drainMs = PATIENCE_MS): Promise<number> {
    if (this.parts === undefined) return 0;
    const { sync, store, db } = this.parts;
    this.parts = undefined;
    const { left } = await sync.stop({ drainMs });
    store[Symbol.dispose]();
    db[Symbol.dispose]();
    return left;
  }
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  get isUp(): boolean {
    return this.parts !== undefined;
  }
  private get up(): Parts {
    assert.ok(this.parts !== undefined, "the folder is up");
    return this.parts;
  }
  get sync(): FolderSync {
    return this.up.sync;
  }
  get store(): Store {
    return this.up.store;
  }
  get db(): SyncDb {
    return this.up.db;
  }
  get lastError(): string | undefined {
    return syncStatus(this.db).lastError?.code;
  }
  /** The hub's state, asked past the wire. */
  info(): Promise<{ sequence: number }> {
    return new HubApi({ url: this.url, token: this.token }).workspace();
  }

  at(path: string): string {
    return join(this.path, path);
  }
  write(path: string, content: string | Uint8Array, mode?: number): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
    if (mode !== undefined) chmodSync(this.at(path), mode);
  }
  /** As editors save: beside the file, then renamed over it. */
  replace(path: string, content: string): void {
    this.write(`${path}.swp`, content);
    this.move(`${path}.swp`, path);
  }
  read(path: string): string | undefined {
    try {
      return readFileSync(this.at(path), "utf8");
    } catch {
      return undefined;
    }
  }
  move(from: string, to: string): void {
    mkdirSync(dirname(this.at(to)), { recursive: true });
    renameSync(this.at(from), this.at(to));
  }
  remove(path: string): void {
    rmSync(this.at(path), { recursive: true });
  }
  has(path: string, content: string): Promise<void> {
    return until(() => this.read(path) === content, PATIENCE_MS).catch(() => {
      throw new Error(
        `${path} is ${JSON.stringify(this.read(path))?.slice(0, 300)}, not ${JSON.stringify(content.slice(0, 300))}`,
      );
    });
  }
  /** Waits until the hub has taken and finished all that is known here. */
  async idle(): Promise<void> {
    await until(() => this.sync.status().queue === 0, PATIENCE_MS);
  }

  tree(): Tree {
    return Object.fromEntries(walk(this.path, "").sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  /** Live documents and their newest versions. */
  heads(): Head[] {
    return this.db.all<Head & { live: number }>("SELECT doc, path, head FROM docs WHERE live = 1 ORDER BY doc");
  }
  docAt(path: string): string {
    const docs = this.heads().filter((row) => row.path === path);
    assert.equal(docs.length, 1, `documents at ${path}`);
    return docs[0]?.doc ?? "";
  }
  /** The contents that were ever at `path`, in order of arrival; null for a delete. */
  async versions(path: string): Promise<(string | null)[]> {
    const { store } = this.up;
    const records = store.catalog.history(FILES, path).filter(({ entry }) => entry.name === path);
    return Promise.all(
      records.map(async (record) =>
        record.entry.kind === "delete" ? null : (await readContent(store.layout, record)).toString(),
      ),
    );
  }
  /** The hashes of all versions known here, of whatever path. */
  knownHashes(): Set<string> {
    return new Set(
      this.up.store.catalog
        .arrivals(0, 100_000)
        .map(({ entry }) => entry.content?.hash)
        .filter((hash) => hash !== undefined),
    );
  }
  outcomes(path: string): Outcome[] {
    return this.events.flatMap((event) => (event.kind === "outcome" && event.path === path ? [event.outcome] : []));
  }
  notices(): string[] {
    return this.events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));
  }
}

function walk(folder: string, path: string): [string, string][] {
  const names = readdirSync(join(folder, path)).filter((name) => path !== "" || name !== ".holdfast");
  if (names.length === 0 && path !== "") return [[path, "dir"]];
  return names.flatMap((name): [string, string][] => {
    const child = path === "" ? name : `${path}/${name}`;
    const full = join(folder, child);
    try {
      const stats = lstatSync(full);
      if (stats.isDirectory()) return walk(folder, child);
      if (stats.isSymbolicLink()) return [[child, `-> ${readlinkSync(full)}`]];
      if (!stats.isFile()) return [[child, "special"]];
      return [[child, `${(stats.mode & 0o100) === 0 ? "" : "x "}${readFileSync(full, "utf8")}`]];
    } catch {
      return [];
    }
  });
}

// The history of a path, and bringing an old version back.

import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkArtifactName, type EntryId, type EntryKind, FILES } from "../entries/index.ts";
import { isHoldfastError, NotFoundError } from "../errors.ts";
import { createdAt, readContent, type Store, type VersionRecord, verifiedContent } from "../store/index.ts";
import { DIRECTORY_TYPE, SYMLINK_TYPE } from "./observe.ts";

export interface History {
  readonly path: string;
  readonly versions: readonly {
    readonly version: number;
    readonly entry: EntryId;
    readonly hash: string | null;
    readonly size: number;
    readonly kind: EntryKind;
    readonly author: string;
    readonly createdAt: string;
    readonly path: string;
  }[];
}

const HISTORY_HINT =
  "`holdfast history PATH` shows its versions; `holdfast data list --in files` which paths there are.";

/** Every version that was ever at `path`, of whichever document, and those documents' versions at other paths; in order
 *  of arrival. Throws `NOT_FOUND`. */
export async function historyOf(store: Store, path: string): Promise<History> {
  checkArtifactName(FILES, path);
  const records = (await store.readyCatalog()).history(FILES, path);
  if (records.length === 0) {
    throw new NotFoundError(`no version of ${path} is known`, {
      hint: "`holdfast data list --in files` shows what is there now; what was just saved, `holdfast sync` or `up` takes in.",
    });
  }
  return {
    path,
    versions: records.map((record) => ({
      version: record.version,
      entry: record.entry.id,
      hash: record.entry.content?.hash ?? null,
      size: record.entry.content?.size ?? 0,
      kind: record.entry.kind,
      author: record.entry.author,
      createdAt: createdAt(record.entry),
      path: record.entry.name,
    })),
  };
}

/**
 * Writes the bytes of an old version to `path` in the folder, as a save like any other: the versions in between stay.
 * `version`: a number of that path, an entry id, or the start of one. Throws `NOT_FOUND`, `CORRUPT`.
 */
export async function restoreVersion(options: {
  readonly store: Store;
  readonly path: string;
  readonly version: number | string;
}): Promise<{ path: string; version: number; entry: EntryId; hash: string; size: number }> {
  const { store, path } = options;
  const record = await findVersion(store, path, options.version);
  const { content } = record.entry;
  if (content === null) {
    throw new NotFoundError(`version ${record.version} of ${path} is a delete; it has no content`, {
      hint: "`holdfast history PATH` shows the versions before it.",
    });
  }
  const target = join(store.layout.folder, path);
  if (content.type === DIRECTORY_TYPE) mkdirSync(target, { recursive: true });
  else await writeWhole(store, record, target);
  return { path, version: record.version, entry: record.entry.id, hash: content.hash, size: content.size };
}

async function findVersion(store: Store, path: string, version: number | string): Promise<VersionRecord> {
  if (typeof version === "number" || /^[0-9]+$/.test(version)) {
    try {
      return await store.find(path, { collection: FILES, version });
    } catch (error) {
      if (!isHoldfastError(error, "NOT_FOUND")) throw error;
      throw new NotFoundError(error.message, { hint: HISTORY_HINT, cause: error, details: { ...error.details } });
    }
  }
  const found = (await store.readyCatalog())
    .history(FILES, path)
    .filter((record) => record.entry.id.startsWith(version));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  throw new NotFoundError(
    only === undefined
      ? `${path} has no version ${version}`
      : `"${version}" starts the ids of ${found.length} versions of ${path}`,
    { hint: HISTORY_HINT },
  );
}

/** Beside the target, then renamed over it: nobody sees half of it. */
async function writeWhole(store: Store, record: VersionRecord, target: string): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.#holdfast-${randomUUID()}`);
  try {
    if (record.entry.content?.type === SYMLINK_TYPE) {
      symlinkSync((await readContent(store.layout, record)).toString("utf8"), temporary);
    } else {
      const file = await open(temporary, "wx");
      try {
        for await (const chunk of verifiedContent(store.layout, record)) writeFileSync(file.fd, chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      if (record.entry.mode === 0o755) chmodSync(temporary, 0o755);
    }
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

// What a path in an archive of a collection stands for. Only what an export writes, or another tool that packs data/ again,
// is anything; nothing is ever written by such a path.

import { parseVersionDir } from "./layout.ts";

export type ArchivePath =
  /** A folder, or a file that is made anew. */
  | { readonly kind: "nothing" }
  | VersionPath
  | { readonly kind: "deleted"; readonly collectionDir: string; readonly fileName: string };

/** A file of a version. */
export interface VersionPath {
  readonly kind: "version.json" | "content";
  readonly path: string;
  readonly collectionDir: string;
  readonly artifactDir: string;
  readonly version: number;
}

/** A text: why it is refused. */
export function archivePathOf(name: string, type: string): ArchivePath | string {
  if (type !== "file" && type !== "directory") return `it is a ${type}, and an export holds files only`;
  const path = name.replace(/^(\.\/)+/, "").replace(/\/$/, "");
  if (path.startsWith("/")) return "its path is absolute";
  const names = path.split("/");
  if (names.includes("..")) return "its path leads out of the archive";
  if (type === "directory") return { kind: "nothing" };
  const [collectionDir = "", artifactDir = "", third = "", file = ""] = names;
  if (names.length === 3 && artifactDir === ".deleted" && /^[^.].*\.json$/.test(third)) {
    return { kind: "deleted", collectionDir, fileName: third };
  }
  if (names.length === 3 && (third === "latest" || third === "name")) return { kind: "nothing" };
  const version = parseVersionDir(third);
  if (names.length !== 4 || version === undefined || (file !== "content" && file !== "version.json")) {
    return "no export writes such a file";
  }
  return { kind: file, path, collectionDir, artifactDir, version };
}

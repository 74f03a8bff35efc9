import { readFileSync } from "node:fs";

/** The version in package.json, which lies two folders up, from the sources as from what is built of them. */
export function projectVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}

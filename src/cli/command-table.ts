// Every command: what it takes, an example, and where its code lies. The code is loaded only when the command is run.

import type { Run } from "./call.ts";

export interface CommandSpec {
  /** The words that call it: `data put`. */
  readonly path: string;
  readonly summary: string;
  /** As in a usage line: `<name>`, `[file]`, `[topic...]`; and what it is. */
  readonly args?: readonly (readonly [string, string])[];
  /** Flags as in a usage line, and what it does. `...` at the end of the flags: may be repeated. */
  readonly options?: readonly (readonly [string, string])[];
  readonly example: string;
  /** SIGINT is how one ends it: exit code 0. */
  readonly endedBySignal?: true;
  /** Not in lists of commands. */
  readonly hidden?: true;
  readonly load: () => Promise<{ readonly run: Run }>;
}

const IN = ["--in <collection>", "the collection (default: data)"] as const;
const VERSION = ["--version <n>", "a version: its number, its entry id, or the start of one"] as const;
const NAME = ["<name>", "the artifact's name"] as const;

export const COMMANDS: readonly CommandSpec[] = [
  {
    path: "init",
    summary: "make a folder a workspace",
    args: [["[folder]", "the folder (default: this one); made when missing"]],
    example: "holdfast init notes",
    load: () => import("./commands/init.ts"),
  },
  {
    path: "data put",
    summary: "save a version of an artifact",
    args: [NAME, ["[file]", "the content; `-` or nothing: what is piped in"]],
    options: [
      IN,
      ["--type <mime>", "the content's media type"],
      ["--tag <key=value...>", "a tag; may be repeated. The tag `owner` says whose the artifact is"],
      ["--force", "overwrite an artifact of another owner"],
    ],
    example: "date | holdfast data put reports/today --type text/plain --tag owner=ann",
    load: () => import("./commands/data-put.ts"),
  },
  {
    path: "data get",
    summary: "print or write out a version's content",
    args: [NAME],
    options: [IN, VERSION, ["--out <file>", "write to this file, whole or not at all (default: stdout)"]],
    example: "holdfast data get reports/today --version 3 --out today.txt",
    load: () => import("./commands/data-get.ts"),
  },
  {
    path: "data list",
    summary: "list artifacts and their newest versions",
    options: [
      ["--in <collection>", "only this collection"],
      ["--prefix <text>", "only names that start so"],
    ],
    example: "holdfast data list --prefix reports/ --json",
    load: () => import("./commands/data-list.ts"),
  },
  {
    path: "data versions",
    summary: "list the versions of an artifact",
    args: [NAME],
    options: [IN],
    example: "holdfast data versions reports/today",
    load: () => import("./commands/data-versions.ts"),
  },
  {
    path: "data delete",
    summary: "remove versions for good: one, or all of an artifact",
    args: [NAME],
    options: [IN, VERSION, ["--force", "accepted for scripts; nothing is ever asked"]],
    example: "holdfast data delete reports/today --version 2",
    load: () => import("./commands/data-delete.ts"),
  },
];

/** What the words stand for that commands are grouped under. */
export const GROUPS: Readonly<Record<string, string>> = {
  data: "versioned artifacts: put, get, list, versions, delete",
};

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
const DATA = ["--data <folder>", "the hub's data folder (default: the workspace's embedded hub)"] as const;
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
  {
    path: "lock list",
    summary: "show the locks that are held, waited for, or left by the dead",
    example: "holdfast lock list --json",
    load: () => import("./commands/lock-list.ts"),
  },
  {
    path: "lock release",
    summary: "take a lock from its holder, whose write is then refused",
    args: [["<scope>", "the lock's scope, as `lock list` shows it"]],
    options: [["--force", "say that you mean it"]],
    example: "holdfast lock release data --force",
    load: () => import("./commands/lock-release.ts"),
  },
  {
    path: "hub start",
    summary: "run a hub of its own; ends at Ctrl-C",
    options: [
      ["--port <number>", "the port (default: 7460, or the next that is free); 0 takes any"],
      ["--data <folder>", "where it keeps its data (default: ./holdfast-hub)"],
      ["--name <name>", "the workspace's name, when the data folder is new"],
      ["--host <address>", "where to listen (default: 127.0.0.1, this machine only)"],
      ["--tls-cert <file>", "a certificate, PEM"],
      ["--tls-key <file>", "its key, PEM"],
      ["--insecure", "serve other hosts without TLS"],
    ],
    example: "holdfast hub start --data /srv/holdfast --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    endedBySignal: true,
    load: () => import("./commands/hub-start.ts"),
  },
  {
    path: "hub token create",
    summary: "make a token",
    options: [["--role <role>", "member or admin (default: member)"], DATA],
    example: "holdfast hub token create --role admin --data /srv/holdfast",
    load: () => import("./commands/hub-token-create.ts"),
  },
  {
    path: "hub token list",
    summary: "list the tokens, also revoked ones",
    options: [DATA],
    example: "holdfast hub token list --data /srv/holdfast",
    load: () => import("./commands/hub-token-list.ts"),
  },
  {
    path: "hub token revoke",
    summary: "revoke a token for good; its open streams end at once",
    args: [["<id>", "the token's id, as `hub token list` shows it"]],
    options: [DATA],
    example: "holdfast hub token revoke 3f9a0c51b2d4 --data /srv/holdfast",
    load: () => import("./commands/hub-token-revoke.ts"),
  },
  {
    path: "completion",
    summary: "print a completion script for a shell",
    args: [["<shell>", "bash, zsh or fish"]],
    example: "source <(holdfast completion bash)",
    load: () => import("./commands/completion.ts"),
  },
];

/** What the words stand for that commands are grouped under. */
export const GROUPS: Readonly<Record<string, string>> = {
  data: "versioned artifacts: put, get, list, versions, delete",
  lock: "the locks of a workspace: list, release",
  hub: "a hub of its own, and tokens",
  "hub token": "the tokens of a hub: create, list, revoke",
};

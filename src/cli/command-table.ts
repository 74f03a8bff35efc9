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
const PEERS: readonly (readonly [string, string])[] = [
  ["--peer", "exchange entries with peers, also without a hub"],
  ["--listen <address...>", "where peers reach this one: a multiaddr; may be repeated (default: any port)"],
  ["--bootstrap <address...>", "a peer to begin with: what `holdfast peer address` printed; may be repeated"],
  ["--replicate <share>", "how much of the workspace to hold: all, none, auto, or a number such as 0.5"],
  ["--storage-limit <bytes>", "with auto: entries and contents to hold at the most, such as 500MB"],
  ["--load-limit <share>", "with auto: of one processor to use at the most, such as 0.25"],
];
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
    path: "up",
    summary: "keep a folder in step with its hub; ends at Ctrl-C",
    args: [["[folder]", "the folder (default: the workspace here, or this folder)"]],
    options: [
      ["--hub <url>", "the hub to use from now on: an invite, or a URL whose token is known (default: its own)"],
      ["--port <number>", "the port of its own hub (default: 7460, or the next that is free)"],
      ["--detach", "go on in the background; returns when the folder is scanned and watched"],
      ["--no-dashboard", "accepted for scripts; there is no web page yet"],
      ...PEERS,
    ],
    example: "holdfast up notes --detach",
    endedBySignal: true,
    load: () => import("./commands/up.ts"),
  },
  {
    path: "down",
    summary: "stop what keeps the folder; returns when its process is gone",
    args: [["[folder]", "the folder (default: the workspace here)"]],
    example: "holdfast down notes",
    load: () => import("./commands/down.ts"),
  },
  {
    path: "peer start",
    summary: "the same as `up --peer`",
    args: [["[folder]", "the folder (default: the workspace here, or this folder)"]],
    options: [
      ["--port <number>", "the port of its own hub"],
      ["--detach", "go on in the background"],
      ...PEERS.slice(1),
    ],
    example: "holdfast peer start notes",
    endedBySignal: true,
    load: () => import("./commands/peer-start.ts"),
  },
  {
    path: "peer list",
    summary: "show the peers that are there, what each holds, and whether it is even with us",
    example: "holdfast peer list --json",
    load: () => import("./commands/peer-list.ts"),
  },
  {
    path: "peer address",
    summary: "print the line by which another folder joins this one: `up --bootstrap LINE`",
    example: "holdfast peer address",
    load: () => import("./commands/peer-address.ts"),
  },
  {
    path: "peer ping",
    summary: "show how long the last answer of each peer took",
    args: [["[peer]", "one peer: its key, or the start of it (default: all)"]],
    example: "holdfast peer ping",
    load: () => import("./commands/peer-ping.ts"),
  },
  {
    path: "peer segments",
    summary: "draw who holds which part of the ring",
    example: "holdfast peer segments",
    load: () => import("./commands/peer-segments.ts"),
  },
  {
    path: "invite",
    summary: "print an invite that lets another folder join",
    options: [["--peer", "one that joins without a hub, while this folder takes part among peers"]],
    example: "holdfast invite",
    load: () => import("./commands/invite.ts"),
  },
  {
    path: "join",
    summary: "make a folder a copy of the workspace of an invite",
    args: [
      ["<invite>", "what `holdfast invite` or `invite --peer` printed; quote it, it has a # in it"],
      ["[folder]", "the folder (default: this one); made when missing"],
    ],
    example: "holdfast join 'http://127.0.0.1:7460/#TOKEN' copy",
    load: () => import("./commands/join.ts"),
  },
  {
    path: "status",
    summary: "show hub, cursor, lag, queue, conflicts and the last error",
    example: "holdfast status --json",
    load: () => import("./commands/status.ts"),
  },
  {
    path: "sync",
    summary: "bring folder and hub in step once",
    example: "holdfast sync",
    load: () => import("./commands/sync.ts"),
  },
  {
    path: "listen",
    summary: "print every entry as it comes, one a line; ends at Ctrl-C",
    options: [
      ["--since <sequence>", "begin after this sequence; 0: at the start (default: now)"],
      ["--topic <topic...>", "only notes on this topic; may be repeated"],
    ],
    example: "holdfast listen --since 0 --json",
    endedBySignal: true,
    load: () => import("./commands/listen.ts"),
  },
  {
    path: "publish",
    summary: "publish a note on a topic",
    args: [
      ["<topic>", "the topic"],
      ["<text>", "the note; `-`: what is piped in"],
    ],
    options: [["--key <key>", "names this note: published again with the same key, it is the same note"]],
    example: 'holdfast publish builds "main is green again"',
    load: () => import("./commands/publish.ts"),
  },
  {
    path: "subscribe",
    summary: "lay out the notes of topics as .holdfast/notes/TOPIC.md",
    args: [["[topic...]", "the topics; none: all"]],
    example: "holdfast subscribe builds decisions",
    load: () => import("./commands/subscribe.ts"),
  },
  {
    path: "conflicts",
    summary: "list files kept beside others because both sides changed; settle one",
    args: [
      ["[action]", "list (default) or resolve"],
      ["[path]", "the file kept beside, to settle"],
    ],
    example: "holdfast conflicts resolve 'plan (conflict 2026-03-01 ann).md'",
    load: () => import("./commands/conflicts.ts"),
  },
  {
    path: "history",
    summary: "list every version that was ever at a path",
    args: [["<path>", "the file"]],
    example: "holdfast history plan.md",
    load: () => import("./commands/history.ts"),
  },
  {
    path: "restore",
    summary: "write an old version into the folder, as a new save",
    args: [["<path>", "the file"]],
    options: [VERSION],
    example: "holdfast restore plan.md --version 3",
    load: () => import("./commands/restore.ts"),
  },
  {
    path: "retry",
    summary: "send again now what waits or was given up",
    args: [["[path]", "only this file"]],
    example: "holdfast retry plan.md",
    load: () => import("./commands/retry.ts"),
  },
  {
    path: "grep",
    summary: "find lines of the folder's files by words, best first",
    args: [
      ["<query>", "the words; a line that holds all of them comes first"],
      ["[path]", "only below this path"],
    ],
    options: [["--limit <n>", "so many lines at the most"]],
    example: "holdfast grep 'release date' docs",
    load: () => import("./commands/grep.ts"),
  },
  {
    path: "data put",
    summary: "save a version of an artifact",
    args: [NAME, ["[file]", "the content; `-` or nothing: what is piped in"]],
    options: [
      IN,
      ["--type <mime>", "the content's media type"],
      ["--tag <key=value...>", "a tag; may be repeated. The tag `owner` says whose the artifact is"],
      ["--keep <n>", "retention, for `data gc`: so many of the newest versions stay; `all`: every one (the default)"],
      ["--max-age <age>", "retention, for `data gc`: younger versions stay: 90s, 30m, 12h, 7d, 4w; `all`: every one"],
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
      ["--where <expression>", "only those for which this expression in CEL holds"],
    ],
    example: "holdfast data list --where 'tags.kind == \"report\" && size > 1000'",
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
    summary: "remove versions for good: one, or all of an artifact; or all of a collection",
    args: [["[name]", "the artifact's name; none with --all"]],
    options: [
      IN,
      VERSION,
      ["--all", "every version of every artifact of the collection: all or nothing. Needs --in and --force"],
      ["--force", "say that you mean --all; accepted without it, too: nothing is ever asked"],
    ],
    example: "holdfast data delete reports/today --version 2",
    load: () => import("./commands/data-delete.ts"),
  },
  {
    path: "data rename",
    summary: "give an artifact another name, with all its versions; the old name leads to it",
    args: [NAME, ["<new>", "its new name"]],
    options: [IN],
    example: "holdfast data rename reports/today reports/2026-03-01",
    load: () => import("./commands/data-rename.ts"),
  },
  {
    path: "data gc",
    summary: "remove the versions that `data put --keep` and `--max-age` let go; never the newest",
    options: [
      ["--in <collection>", "only this collection"],
      ["--dry-run", "only tell what would go"],
    ],
    example: "holdfast data gc --dry-run",
    load: () => import("./commands/data-gc.ts"),
  },
  {
    path: "data compact",
    summary: "let identical contents share their bytes on disk",
    options: [["--dry-run", "only tell what would be saved"]],
    example: "holdfast data compact --dry-run",
    load: () => import("./commands/data-compact.ts"),
  },
  {
    path: "data grep",
    summary: "find lines of the newest versions by words, best first",
    args: [["<query>", "the words; a line that holds all of them comes first"]],
    options: [
      ["--in <collection>", "only this collection"],
      ["--limit <n>", "so many lines at the most"],
    ],
    example: "holdfast data grep 'release date' --in reports",
    load: () => import("./commands/data-grep.ts"),
  },
  {
    path: "data watch",
    summary: "print every version that comes or goes, one a line; ends at Ctrl-C",
    options: [
      ["--in <collection>", "only this collection"],
      ["--prefix <text>", "only names that start so"],
    ],
    example: "holdfast data watch --prefix reports/ --json",
    endedBySignal: true,
    load: () => import("./commands/data-watch.ts"),
  },
  {
    path: "data export",
    summary: "write a collection out as a tar archive",
    args: [["[file]", "the archive, written whole or not at all; `-` or nothing: stdout"]],
    options: [IN],
    example: "holdfast data export reports.tar --in reports",
    load: () => import("./commands/data-export.ts"),
  },
  {
    path: "data import",
    summary: "take in what `data export` wrote, with its numbers and times",
    args: [["[file]", "the archive; `-` or nothing: what is piped in"]],
    options: [["--in <collection>", "refuse an archive of another collection"]],
    example: "holdfast data import reports.tar",
    load: () => import("./commands/data-import.ts"),
  },
  {
    path: "data verify",
    summary: "look all versions over, and tell every damaged file",
    options: [["--in <collection>", "only this collection"]],
    example: "holdfast data verify --json",
    load: () => import("./commands/data-verify.ts"),
  },
  {
    path: "lock list",
    summary: "show the locks that are held, waited for, or left by the dead",
    example: "holdfast lock list --json",
    load: () => import("./commands/lock-list.ts"),
  },
  {
    path: "lock run",
    summary: "hold a lock while a command runs, and let the command write under it",
    args: [
      ["<scope>", "the lock's scope: a collection, or `structural` to keep all other writers out"],
      ["[command...]", "the command, after `--`; its exit code is ours"],
    ],
    options: [["--timeout <ms>", "how long to wait for the lock (default: 30000)"]],
    example: "holdfast lock run data -- sh -c 'holdfast data put a a.txt && holdfast data put b b.txt'",
    load: () => import("./commands/lock-run.ts"),
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
    path: "explore",
    summary: "run a race under every interleaving that can matter; Ctrl-C ends it with what was covered",
    args: [["<file>", "the file that exports the race: NAME.race.ts"]],
    options: [
      ["--export <name>", "the export that holds it (default: the default export, or the only one)"],
      ["--crashes <n>", "so many processes may be killed in one run, each at any effect (default: 0)"],
      ["--restart <when>", "whether a killed process runs again: maybe, always or never (default: maybe)"],
      ["--reuse-pids", "a process that runs again has the pid that it had"],
      ["--stalls <n>", "so many processes may stand still for longer than any lease (default: 0)"],
      ["--power-loss", "once in a run the power goes, and with it any part of what was not flushed"],
      ["--network <faults>", "what may befall messages in one run: drop=1,double=1,delay=1,reset=1,partition=1"],
      ["--isolate", "fresh modules for every process in every run (the default)"],
      ["--no-isolate", "load modules once: faster, for processes that share nothing in memory"],
      ["--strategy <name>", "exhaustive, pct or random (default: exhaustive)"],
      ["--preemptions <n>", "at most so many switches away from a process that could go on (default: no bound)"],
      ["--budget <budget>", "a time (60s, 500ms, 10m) or a number of runs (default: 60s)"],
      ["--seed <n>", "for what is drawn by lot (default: 1)"],
      ["--trace <file>", "where a violation's trace goes (default: NAME.trace.json, here)"],
      ["--html <file>", "where the picture of it goes (default: beside the trace)"],
    ],
    example: "holdfast explore balance.race.ts --crashes 1 --budget 5m",
    endedBySignal: true,
    load: () => import("./commands/explore.ts"),
  },
  {
    path: "replay",
    summary: "make the run of a trace again, and say whether the same comes of it",
    args: [["<trace>", "a file that `holdfast explore` wrote"]],
    options: [
      ["--step", "one step at a time: Enter for the next, q to stop"],
      ["--html <file>", "draw what happened in this file"],
    ],
    example: "holdfast replay balance.trace.json --step",
    load: () => import("./commands/replay.ts"),
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
  data: "versioned artifacts: put, get, list, grep, versions, delete, rename, gc, compact, watch, export, import, verify",
  lock: "the locks of a workspace: list, run, release",
  hub: "a hub of its own, and tokens",
  "hub token": "the tokens of a hub: create, list, revoke",
};

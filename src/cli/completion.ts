// Completion scripts for shells, made from the table of commands: which word may come next, and which options.

import { COMMANDS } from "./command-table.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function isShell(word: string): word is Shell {
  return (SHELLS as readonly string[]).includes(word);
}

/** The script to load, as `source <(holdfast completion bash)`, or to put where the shell looks for it. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bashScript();
    case "zsh":
      return `#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n${bashScript()}`;
    case "fish":
      return fishScript();
  }
}

/** What may follow `words` (`""`, `data`, `hub token`). */
function nextWords(words: string): string[] {
  const prefix = words === "" ? "" : `${words} `;
  const next = COMMANDS.filter((spec) => spec.path.startsWith(prefix) && spec.hidden !== true).map(
    (spec) => spec.path.slice(prefix.length).split(" ")[0] ?? "",
  );
  return [...new Set(next)];
}

function groups(): string[] {
  const found = COMMANDS.flatMap(({ path }) => {
    const words = path.split(" ");
    return words.slice(0, -1).map((_, index) => words.slice(0, index + 1).join(" "));
  });
  return [...new Set(found)];
}

function longOptions(options: readonly (readonly [string, string])[] = []): string[] {
  const named = options.flatMap(([flags]) => /--[a-z-]+/.exec(flags)?.[0] ?? []);
  return [...named, "--json", "--help", "-C"];
}

function bashScript(): string {
  const cases = [
    ...groups().map((group) => `    ${JSON.stringify(group)}) next="${nextWords(group).join(" ")}" ;;`),
    ...COMMANDS.map(({ path, options }) => `    ${JSON.stringify(path)}) next="${longOptions(options).join(" ")}" ;;`),
    `    "") next="${nextWords("").join(" ")} --help --version" ;;`,
  ];
  return `_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} path="" next="" word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case " ${[...groups(), ...COMMANDS.map((spec) => spec.path)].map((path) => path.replaceAll(" ", "/")).join(" ")} " in
      *" \${path:+\${path// //}/}$word "*) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _holdfast holdfast`;
}

function fishScript(): string {
  const lines = [
    "complete -c holdfast -s C -r -d 'the workspace folder'",
    "complete -c holdfast -l json -d 'one JSON document'",
  ];
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  for (const word of nextWords("")) {
    const summary = COMMANDS.find((spec) => spec.path === word)?.summary ?? "";
    lines.push(`complete -c holdfast -n __fish_use_subcommand -a ${word} -d ${quote(summary)}`);
  }
  for (const group of groups()) {
    const seen = group.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    for (const word of nextWords(group)) {
      const not = `not __fish_seen_subcommand_from ${nextWords(group).join(" ")}`;
      lines.push(`complete -c holdfast -n ${quote([...seen, not].join("; and "))} -a ${word}`);
    }
  }
  for (const { path, options } of COMMANDS) {
    const seen = path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    for (const [flags, help] of options ?? []) {
      const name = /--([a-z-]+)/.exec(flags)?.[1];
      const takes = flags.includes("<") ? " -r" : "";
      if (name !== undefined)
        lines.push(`complete -c holdfast -n ${quote(seen.join("; and "))} -l ${name}${takes} -d ${quote(help)}`);
    }
  }
  return lines.join("\n");
}

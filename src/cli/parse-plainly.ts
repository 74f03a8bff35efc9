// Command lines of the plainest form, parsed without the library that parses all of them (program.ts): loading that takes
// longer than reading a small artifact does. Whatever is not quite plain here is left to it: help, wrong usage, `--`,
// `--option=value`, options before the command.

import { COMMANDS, type CommandSpec } from "./command-table.ts";

/** One command line and what it calls. */
export interface PlainCall {
  readonly kind: "run";
  readonly spec: CommandSpec;
  readonly args: readonly (string | undefined)[];
  readonly options: Record<string, string | boolean | readonly string[] | undefined>;
}

const GLOBALS = ["-C <folder>", "--json"];
const MOST_WORDS = 3;

/** What the whole parser would make of `argv`, or undefined where it is to be asked. */
export function parsePlainly(argv: readonly string[]): PlainCall | undefined {
  const spec = commandOf(argv);
  if (spec === undefined) return undefined;
  const options: PlainCall["options"] = {};
  const flags = new Map<string, { key: string; takes: "nothing" | "one" | "many" }>();
  for (const written of [...(spec.options ?? []).map(([each]) => each), ...GLOBALS]) {
    const [flag = "", value] = written.split(" ");
    if (flag.startsWith("--no-")) return undefined;
    const key = flag.replace(/^-+/, "").replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    flags.set(flag, { key, takes: value === undefined ? "nothing" : value.endsWith("...>") ? "many" : "one" });
  }
  const args: (string | undefined)[] = [];
  const words = argv.slice(spec.path.split(" ").length);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "" || (word.startsWith("-") && word !== "-" && !flags.has(word))) return undefined;
    const flag = flags.get(word);
    if (flag === undefined) {
      args.push(word);
      continue;
    }
    const { key, takes } = flag;
    if (takes !== "many" && options[key] !== undefined) return undefined;
    if (takes === "nothing") {
      options[key] = true;
      continue;
    }
    at += 1;
    const value = words[at];
    if (value === undefined || value === "" || (value.startsWith("-") && value !== "-")) return undefined;
    options[key] = takes === "one" ? value : [...((options[key] as readonly string[] | undefined) ?? []), value];
  }
  const takes = spec.args ?? [];
  const least = takes.filter(([written]) => written.startsWith("<")).length;
  const isOpenEnded = takes.some(([written]) => written.endsWith("...]"));
  if (args.length < least || (args.length > takes.length && !isOpenEnded)) return undefined;
  if (!isOpenEnded) while (args.length < takes.length) args.push(undefined);
  return { kind: "run", spec, args, options };
}

/** True when `--json` stands among the options, also in a command line that cannot be parsed. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).includes("--json");
}

/** The command whose words `argv` begins with. */
function commandOf(argv: readonly string[]): CommandSpec | undefined {
  for (let words = MOST_WORDS; words > 0; words -= 1) {
    const path = argv.slice(0, words).join(" ");
    const spec = COMMANDS.find((each) => each.path === path);
    if (spec !== undefined) return spec;
  }
  return undefined;
}

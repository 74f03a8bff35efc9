// The command line as commander sees it, built from the table of commands. Parses; runs nothing.

import { Command, type CommanderError, Option } from "commander";
import { HoldfastError } from "../errors.ts";
import { COMMANDS, type CommandSpec, GROUPS } from "./command-table.ts";
import { type PlainCall, wantsJson } from "./parse-plainly.ts";
import { projectVersion } from "./version.ts";

/** What a command line turned out to mean. */
export type Parsed =
  | PlainCall
  /** `--help` or `--version`: print this and be done. */
  | { readonly kind: "say"; readonly what: "help" | "version"; readonly text: string; readonly json: boolean };

type Args = PlainCall["args"];
type Options = PlainCall["options"];

/** Throws `USAGE` for a command line that means nothing. */
export function parseCommandLine(argv: readonly string[]): Parsed {
  let parsed: Parsed | undefined;
  let said = "";
  const program = buildProgram((spec, args, options) => {
    parsed = { kind: "run", spec, args, options };
  });
  const each = (command: Command): void => {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => {
        said += text;
      },
      writeErr: () => {}, // told through the error
    });
    for (const child of command.commands) each(child);
  };
  each(program);
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    const { code } = error as CommanderError;
    const json = wantsJson(argv);
    if (code === "commander.version") return { kind: "say", what: "version", text: said.trimEnd(), json };
    if (code === "commander.helpDisplayed") return { kind: "say", what: "help", text: said.trimEnd(), json };
    throw usageError(error, argv);
  }
  if (parsed === undefined) throw usageError(undefined, argv);
  return parsed;
}

function buildProgram(found: (spec: CommandSpec, args: Args, options: Options) => void): Command {
  const program = new Command("holdfast")
    .description("A versioned workspace that many processes, machines and peers write at once.")
    .version(projectVersion(), "-V, --version")
    // `--version N` after a command is the command's own.
    .enablePositionalOptions()
    .addHelpText("after", "\nExample:\n  holdfast up notes\n");
  program.helpCommand(false);
  const groups = new Map<string, Command>();
  addGlobals(program);
  for (const spec of COMMANDS) {
    const words = spec.path.split(" ");
    const name = words.pop() ?? "";
    let parent = program;
    for (const [index, word] of words.entries()) {
      const group = words.slice(0, index + 1).join(" ");
      const known = groups.get(group) ?? addGroup(parent, word, GROUPS[group] ?? "");
      groups.set(group, known);
      parent = known;
    }
    addCommand(parent, name, spec, found);
  }
  return program;
}

function addGroup(parent: Command, word: string, description: string): Command {
  const group = parent.command(word).description(description).enablePositionalOptions();
  group.helpCommand(false);
  addGlobals(group);
  return group;
}

function addCommand(
  parent: Command,
  name: string,
  spec: CommandSpec,
  found: (spec: CommandSpec, args: Args, options: Options) => void,
): void {
  const command = parent.command(name, { hidden: spec.hidden === true }).description(spec.summary);
  for (const [flags, help] of spec.args ?? []) command.argument(flags, help);
  for (const [flags, help] of spec.options ?? []) command.addOption(optionOf(flags, help));
  addGlobals(command);
  command.addHelpText("after", `\nExample:\n  ${spec.example}\n`);
  command.allowExcessArguments(false);
  command.action((..._all: unknown[]) => {
    found(spec, command.processedArgs.flat() as Args, command.optsWithGlobals());
  });
}

function addGlobals(command: Command): void {
  command.option("-C <folder>", "work on the workspace in this folder (default: the nearest one above)");
  command.option("--json", "print one JSON document");
}

function optionOf(flags: string, help: string): Option {
  if (!flags.endsWith("...>")) return new Option(flags, help);
  // Repeated, one value each: an option must not swallow the arguments that follow it.
  return new Option(flags.replace("...>", ">"), help).argParser((value: string, previous?: readonly string[]) => [
    ...(previous ?? []),
    value,
  ]);
}

function usageError(error: unknown, argv: readonly string[]): HoldfastError {
  const words = argv.filter((word) => !word.startsWith("-"));
  const known = COMMANDS.find((spec) => `${words.join(" ")} `.startsWith(`${spec.path} `));
  const { code, message } = (error ?? {}) as Partial<CommanderError>;
  const group = Object.keys(GROUPS)
    .filter((each) => `${words.join(" ")} `.startsWith(`${each} `))
    .at(-1);
  const said =
    error === undefined || code === "commander.help"
      ? group === undefined
        ? "no command is given"
        : `${group} needs one of its commands`
      : (message ?? String(error)).replace(/^error: /, "").replaceAll("\n", " ");
  return new HoldfastError("USAGE", said, {
    hint: `See \`holdfast ${known === undefined ? (group === undefined ? "" : `${group} `) : `${known.path} `}--help\`.`,
  });
}

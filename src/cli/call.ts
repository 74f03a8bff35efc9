// What a command gets, and what it gives back.

import { resolve } from "node:path";
import { HoldfastError } from "../errors.ts";
import { findWorkspace } from "../store/workspace-record.ts";

/** What a command prints: one object with `--json`, a text otherwise. Undefined: it has printed by itself. */
export interface Outcome {
  readonly json: unknown;
  /** Without the last newline; empty prints nothing. */
  text(): string;
  /** What was found out counts as a failure: it gives the exit code, and with `--json` the document on stderr. */
  readonly failure?: HoldfastError;
  /** The exit code, where it is not that of the failure: a command's that was run. */
  readonly exitCode?: number;
}

export type Run = (call: Call) => Promise<Outcome | undefined>;

type OptionValue = string | boolean | readonly string[] | undefined;

/** One command line, parsed. */
export class Call {
  readonly args: readonly (string | undefined)[];
  readonly json: boolean;
  /** Fires at SIGINT and SIGTERM, with an `INTERRUPTED` error as its reason. */
  readonly signal: AbortSignal;
  readonly cwd: string;
  private readonly options: Readonly<Record<string, OptionValue>>;

  constructor(args: readonly (string | undefined)[], options: Record<string, OptionValue>, signal: AbortSignal) {
    this.args = args;
    this.options = options;
    this.json = options.json === true;
    this.signal = signal;
    this.cwd = process.cwd();
  }

  /** An argument that the command line cannot be without. */
  arg(index: number): string {
    const value = this.args[index];
    if (value === undefined) throw new HoldfastError("USAGE", "an argument is missing", { hint: "See --help." });
    return value;
  }

  /** The arguments from `index` on, of a command that takes any number. */
  rest(index: number): string[] {
    return this.args.slice(index).flatMap((arg) => (arg === undefined ? [] : [arg]));
  }

  flag(name: string): boolean {
    return this.options[name] === true;
  }

  /** True for `--no-NAME`. */
  denied(name: string): boolean {
    return this.options[name] === false;
  }

  text(name: string): string | undefined {
    const value = this.options[name];
    return typeof value === "string" ? value : undefined;
  }

  list(name: string): readonly string[] {
    const value = this.options[name];
    return Array.isArray(value) ? (value as string[]) : [];
  }

  /** Throws `USAGE` unless the option is a whole number within the bounds. */
  integer(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new HoldfastError("USAGE", `--${name} is ${JSON.stringify(value)}, not a whole number`, {
      hint: `Give a number from ${least} to ${most}.`,
    });
  }

  /** The folder that `-C` names, if it does. */
  get chosenFolder(): string | undefined {
    const folder = this.text("C");
    return folder === undefined ? undefined : resolve(this.cwd, folder);
  }

  /** The workspace's folder: what `-C` names, or the nearest at or above the current one. Throws `NO_WORKSPACE`. */
  folder(): string {
    const folder = this.chosenFolder ?? findWorkspace(this.cwd);
    if (folder !== undefined) return folder;
    throw new HoldfastError("NO_WORKSPACE", `${this.cwd} is not in a workspace`, {
      hint: "Make one with `holdfast init`, or name one with `-C FOLDER`.",
    });
  }
}

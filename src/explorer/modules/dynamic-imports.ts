// Gives `import(...)` another name, in code as esbuild prints it.
//
// esbuild can turn `import()` into `require()` itself, but evaluates the argument late, and not at all if it awaits.
// It takes no parser: what has to be told apart is code, strings, templates, comments and regular expressions.

import { assert } from "../../errors.ts";

/** `name` must be as long as "import": columns stay where the source map has them. */
export function dynamicImportsAs(name: string, code: string): string {
  assert(name.length === "import".length, "the other name of import is as long");
  if (!/\bimport\(/.test(code)) return code;
  let renamed = code;
  for (const at of dynamicImports(code)) renamed = renamed.slice(0, at) + name + renamed.slice(at + name.length);
  return renamed;
}

/** Words after which a `/` starts a regular expression. */
const BEFORE_EXPRESSION =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof)$/;

const TOKEN = /["'`/(){}]|\bimport\(/g;

/** Where `import` stands as the start of an `import()`. */
function dynamicImports(code: string): number[] {
  const found: number[] = [];
  /** What is open: a candidate by its position, or -1 for any other bracket, or -2 for the `${` of a template. */
  const open: number[] = [];
  const token = new RegExp(TOKEN);
  for (let match = token.exec(code); match !== null; match = token.exec(code)) {
    const at = match.index;
    const text = match[0];
    if (text === "import(") {
      open.push(isMember(code, at) ? -1 : at);
    } else if (text === "(" || text === "{") {
      open.push(-1);
    } else if (text === ")" || text === "}") {
      const opened = open.pop() ?? -1;
      // A method may be called `import`: its parameters are followed by its body.
      if (opened >= 0 && !/^\s*\{/.test(code.slice(at + 1, at + 3))) found.push(opened);
      if (opened === -2) token.lastIndex = templateEnd(code, at + 1, open);
    } else if (text === "`") {
      token.lastIndex = templateEnd(code, at + 1, open);
    } else {
      token.lastIndex = text === "/" ? slashEnd(code, at) : stringEnd(code, at);
    }
  }
  return found;
}

function isMember(code: string, at: number): boolean {
  return /[.#$]\s*$/.test(code.slice(Math.max(0, at - 20), at)) && !code.slice(0, at).trimEnd().endsWith("...");
}

function stringEnd(code: string, start: number): number {
  const quote = code[start];
  for (let at = start + 1; at < code.length; at++) {
    if (code[at] === "\\") at++;
    else if (code[at] === quote) return at + 1;
  }
  return code.length;
}

/** The end of a template's text: its closing backtick, or the `${` after which code goes on. */
function templateEnd(code: string, start: number, open: number[]): number {
  for (let at = start; at < code.length; at++) {
    if (code[at] === "\\") at++;
    else if (code[at] === "`") return at + 1;
    else if (code[at] === "$" && code[at + 1] === "{") {
      open.push(-2);
      return at + 2;
    }
  }
  return code.length;
}

/** The end of the comment or the regular expression that starts here; of a division, the next character. */
function slashEnd(code: string, start: number): number {
  if (code[start + 1] === "/") return lineEnd(code, start);
  if (code[start + 1] === "*") return code.indexOf("*/", start) + 2 || code.length;
  const before = code.slice(Math.max(0, start - 40), start).trimEnd();
  const last = before.at(-1) ?? "";
  const divides = /[\w$)\]}"'`]/.test(last) && !BEFORE_EXPRESSION.test(before);
  // After a bracket that may have closed an `if (...)` or a block: divisions are printed with a space after them.
  if (divides && (!/[)}]/.test(last) || /[\s=]/.test(code[start + 1] ?? ""))) return start + 1;
  let inClass = false;
  for (let at = start + 1; at < code.length && code[at] !== "\n"; at++) {
    if (code[at] === "\\") at++;
    else if (code[at] === "[") inClass = true;
    else if (code[at] === "]") inClass = false;
    else if (code[at] === "/" && !inClass) return at + 1;
  }
  return start + 1;
}

function lineEnd(code: string, start: number): number {
  const end = code.indexOf("\n", start);
  return end === -1 ? code.length : end;
}

// Text that others chose (file names, file contents, messages), made fit for a terminal: nothing in it can steer the
// terminal or turn the reading direction, and how many columns it takes is known.

import { stripVTControlCharacters } from "node:util";

/** Control characters, line breaks, direction marks and marks without width, halves of characters. */
const STEERING =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}|[\u{e0000}-\u{e007f}]/gu;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0" };
const NO_WIDTH = /^(?:\p{M}|\u200d|[\ufe00-\ufe0f])$/u;
/** East Asian wide and emoji blocks: what terminals draw over two columns. */
const WIDE =
  /^[\u1100-\u115f\u231a\u231b\u23e9-\u23ec\u25fd\u25fe\u2614\u2615\u26a1\u2705\u274c\u2728\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f18e}\u{1f191}-\u{1f19a}\u{1f200}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** `text` on one line, with every character that could steer a terminal written out: `\n`, `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(STEERING, (found) => SHORT[found] ?? `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The lines of a message for people, without colours, each `printable`. */
export function printableLines(text: string): string[] {
  const lines = stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll("\t", "  ")).trimEnd());
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Columns that printable `text` takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

function columnsOfCharacter(character: string): number {
  if (character >= " " && character <= "~") return 1;
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Printable `text` in at most `columns`: the middle is left out, where paths differ least. */
export function shortened(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns <= 0) return "";
  const room = columns - 1;
  const characters = [...text];
  const head = taken(characters, Math.floor(room / 2));
  const tail = taken(characters.toReversed(), room - columnsOf(head.join(""))).toReversed();
  return `${head.join("")}…${withoutLooseMarks(tail).join("")}`;
}

/** Printable `text` followed by spaces, `columns` wide in all. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** `line` broken at spaces, or where there is none, so that each piece takes at most `columns`. */
export function wrapped(line: string, columns: number): string[] {
  const width = Math.max(8, columns);
  const pieces: string[] = [];
  let piece = "";
  for (const word of line.split(/(?<= )/)) {
    if (piece !== "" && columnsOf(piece + word.trimEnd()) > width) {
      pieces.push(piece.trimEnd());
      piece = "";
    }
    let rest = [...word];
    while (columnsOf(rest.join("").trimEnd()) > width) {
      const head = taken(rest, width);
      pieces.push(head.join(""));
      rest = rest.slice(head.length);
    }
    piece += rest.join("");
  }
  pieces.push(piece.trimEnd());
  return pieces;
}

/** The first characters that fit into `columns`. */
function taken(characters: readonly string[], columns: number): string[] {
  const fitting: string[] = [];
  let used = 0;
  for (const character of characters) {
    used += columnsOfCharacter(character);
    if (used > columns) break;
    fitting.push(character);
  }
  return fitting;
}

/** A mark whose letter was cut away would sit on the character before it. */
function withoutLooseMarks(characters: readonly string[]): readonly string[] {
  const start = characters.findIndex((character) => columnsOfCharacter(character) > 0);
  return start < 0 ? [] : characters.slice(start);
}

// Places in compiled code as places in the files that people wrote.

import { SourceMap, type SourceMapPayload } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Source } from "./source.ts";

/** `    at name (/file.ts:1:2)`, with the parts before and after the place. */
const FRAME = /^(\s*at (?:async )?(?:.*? \()?)((?:file:\/\/)?\/.*?):(\d+):(\d+)(\)?)$/;

/** Where the explorer's own code lies, as stacks name it. */
const EXPLORER = new URL("..", import.meta.url).href;

interface Place {
  readonly file: string;
  /** From 1, as `column`. */
  readonly line: number;
  readonly column: number;
}

export class Positions {
  readonly #sourceOf: (file: string) => Source | undefined;
  readonly #maps = new Map<string, SourceMap | undefined>();

  constructor(sourceOf: (file: string) => Source | undefined) {
    this.#sourceOf = sourceOf;
  }

  /**
   * Where the code under test was, `dir/balance.race.ts:12:20`, relative to `folder`: the innermost frame of its own
   * code, or of a package if there is no other. Undefined for a stack without code under test.
   */
  siteOf(stack: string, folder: string = process.cwd()): string | undefined {
    let ofPackage: Place | undefined;
    for (const line of stack.split("\n")) {
      const place = this.#placeIn(line);
      if (place === undefined) continue;
      if (!place.file.includes("/node_modules/")) return told(place, folder);
      ofPackage ??= place;
    }
    return ofPackage === undefined ? undefined : told(ofPackage, folder);
  }

  /** The stack with places in compiled code replaced by those in the sources, and without frames of the explorer; one that has none stays as it is. */
  mapStack(stack: string): string {
    const lines = stack.split("\n");
    if (lines.every((line) => this.#placeIn(line) === undefined)) return stack;
    return lines
      .filter((line) => !isOfExplorer(line) || this.#placeIn(line) !== undefined)
      .map((line) => {
        const place = this.#placeIn(line);
        return place === undefined
          ? line
          : line.replace(FRAME, (_, before: string, _file, _line, _column, after: string) => {
              return `${before}${place.file}:${place.line}:${place.column}${after}`;
            });
      })
      .join("\n");
  }

  /** The place in the sources; undefined for a line that is no frame of code under test. */
  #placeIn(line: string): Place | undefined {
    const frame = FRAME.exec(line);
    const path = frame?.[2];
    if (frame === null || path === undefined) return undefined;
    const file = path.startsWith("file:") ? fileURLToPath(path) : path;
    const source = this.#sourceOf(file);
    if (source === undefined) return undefined;
    const at = { file, line: Number(frame[3]), column: Number(frame[4]) };
    const entry = this.#mapOf(source)?.findEntry(at.line - 1, at.column - 1);
    if (entry === undefined || !("originalLine" in entry)) return at;
    return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }

  #mapOf(source: Source): SourceMap | undefined {
    if (source.map === undefined) return undefined;
    let map = this.#maps.get(source.file);
    if (map === undefined) {
      map = new SourceMap(JSON.parse(source.map) as SourceMapPayload);
      this.#maps.set(source.file, map);
    }
    return map;
  }
}

/** Frames that say how the program was run, not what it did. */
function isOfExplorer(line: string): boolean {
  return /^\s*at /.test(line) && (line.includes(EXPLORER) || line.includes("(node:internal/"));
}

function told({ file, line, column }: Place, folder: string): string {
  const path = relative(folder, file);
  return `${path.startsWith("..") ? file : path}:${line}:${column}`;
}

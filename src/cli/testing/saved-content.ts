const LINES = 300;

/** Content in which a missing or foreign part shows: the same line many times, telling who and which. */
export function savedContent(pid: number, n: number): string {
  return `saved by ${pid} as ${n}\n`.repeat(LINES);
}

/** True when `text` is one whole `savedContent`. */
export function isWhole(text: string): boolean {
  const lines = text.split("\n");
  return lines.pop() === "" && lines.length === LINES && lines.every((line) => line === lines[0]);
}

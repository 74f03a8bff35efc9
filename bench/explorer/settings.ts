// How much is measured.

export interface Settings {
  readonly isQuick: boolean;
  /** Tells how far it is. */
  readonly say: (message: string) => void;
}

/** A file of scenarios. */
export function scenarioFile(name: string): string {
  return new URL(`./scenarios/${name}.race.ts`, import.meta.url).pathname;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length / 2) - 1)] ?? Number.NaN;
}

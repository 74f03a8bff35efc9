// What this process is called in the records of its locks, where its calls do not say.

let name: string | undefined;

/** From now on locks are held in this name. The command line gives its command's. */
export function nameHolder(holder: string): void {
  name = holder;
}

export function holderName(): string | undefined {
  return name;
}

// What the scenarios use of packages: most of these come without types.

declare module "proper-lockfile" {
  export function lock(path: string, options: { stale: number; realpath: boolean }): Promise<() => Promise<void>>;
}

declare module "lockfile" {
  export interface LockOptions {
    readonly stale: number;
  }
  export function lock(path: string, options: LockOptions, done: (error: Error | null | undefined) => void): void;
  export function unlock(path: string, done: (error: Error | null | undefined) => void): void;
  export function lockSync(path: string, options: LockOptions): void;
  export function unlockSync(path: string): void;
}

declare module "write-file-atomic" {
  export default function writeFileAtomic(path: string, content: string): Promise<void>;
}

declare module "fs-extra" {
  export function move(from: string, to: string): Promise<void>;
  export function outputFile(path: string, content: string): Promise<void>;
}

declare module "steno" {
  export class Writer {
    constructor(path: string);
    write(content: string): Promise<void>;
  }
}

declare module "cross-process-lock" {
  export function lock(path: string): Promise<() => Promise<void>>;
}

declare module "mkdirp" {
  export function mkdirp(path: string): Promise<string | undefined>;
}

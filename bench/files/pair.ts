// Two folders that something keeps alike: what is measured, and what it is measured against.

/** Two folders, kept alike by programs that are up and idle. Paths are absolute. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  /** For what does not watch: carries over what changed; it is part of the measured time. */
  readonly carry?: () => Promise<void>;
  /** Resolves when everything is carried over and nothing is left to do. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface Peer {
  readonly name: string;
  isInstalled(): boolean;
  /** Makes both folders below `root` and starts what keeps them; resolves when that is idle. */
  open(root: string): Promise<Pair>;
}

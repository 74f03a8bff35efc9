// How much of the ring an adaptive peer holds (`--replicate auto`): its fair part, more where the ring is not covered, less where it is
// covered more than once. Damped: a step is a part of the way, small differences are let be, so that peers that adapt to each other come to rest.

export interface ShareInputs {
  /** What it holds now, of the ring. */
  readonly share: number;
  /** Peers that hold something, this one included. */
  readonly replicators: number;
  /** The shares of all peers, this one included, added up. */
  readonly covered: number;
}

/** Of the way to what would be right, in one step. */
const DAMPING = 0.3;
/** Differences up to this, relative to what is held, are let be. */
const TOLERANCE = 0.02;
/** It holds something, or nobody would ask it. */
const LEAST_SHARE = 0.000_1;

/** The share to hold from now on; the one given where it is near enough. */
export function nextShare({ share, replicators, covered }: ShareInputs): number {
  const fair = 1 / Math.max(1, replicators);
  // What is missing, or too much, is for all to make good, each its part.
  const balanced = fair + (1 - covered) / Math.max(1, replicators);
  const wanted = Math.min(1, Math.max(LEAST_SHARE, balanced));
  const next = Math.min(1, Math.max(LEAST_SHARE, share + DAMPING * (wanted - share)));
  return Math.abs(next - share) <= TOLERANCE * DAMPING * share ? share : next;
}

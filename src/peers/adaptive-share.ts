// How much of the ring an adaptive peer holds (`--replicate auto`): its fair part, more where the ring is not covered, less where it is
// covered more than once, and never more than its limits allow. Damped: a step is a part of the way, small differences are let be, so that
// peers that adapt to each other come to rest.

export interface ShareInputs {
  /** What it holds now, of the ring. */
  readonly share: number;
  /** Peers that hold something, this one included. */
  readonly replicators: number;
  /** The shares of all peers, this one included, added up. */
  readonly covered: number;
  /** What grows with the share: how much of it is used with the share there is, and how much may be. */
  /** It gives up no more than to this, however little its limits allow. */
  readonly least?: number;
  readonly limits?: readonly { readonly used: number; readonly most: number }[];
}

/** Of the way to what would be right, in one step. */
const DAMPING = 0.3;
/** How much a difference to the others counts beside a part of the ring that nobody holds. */
const FAIRNESS = 0.15;
/** Who holds more than its fair part gives less of it up the less is covered, and nothing from here on: others may be at their limits. */
const GIVES_UP_FROM = 0.9;
/** Steps up to this, relative to what is held, are not taken. */
const LEAST_STEP = 0.006;
/** It holds something, or nobody would ask it. */
const LEAST_SHARE = 0.000_1;
/** Of a limit, what is made use of. */
const MARGIN = 0.95;

/** The share to hold from now on; the one given where it is near enough. */
export function nextShare({ share, replicators, covered, least = LEAST_SHARE, limits = [] }: ShareInputs): number {
  const peers = Math.max(1, replicators);
  // What is missing, or too much, is for all to make good, each its part.
  const isOver = share > 1 / peers;
  const fairness = FAIRNESS * (isOver ? Math.min(1, Math.max(0, (covered - GIVES_UP_FROM) / (1 - GIVES_UP_FROM))) : 1);
  const balanced = share + (1 - covered) / peers + fairness * (1 / peers - share);
  const most = limits.map((limit) => (limit.used > 0 ? (share * MARGIN * limit.most) / limit.used : 1));
  const wanted = Math.max(Math.min(share, least), within(Math.min(balanced, ...most)));
  const next = within(share + DAMPING * (wanted - share));
  return Math.abs(next - share) <= LEAST_STEP * share ? share : next;
}

function within(share: number): number {
  return Math.min(1, Math.max(LEAST_SHARE, share));
}

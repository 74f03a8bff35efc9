// The steps of a log whose store has been read, put together.

import { type Author, type Entry, type EntryId, readEntryAside } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import { Answering } from "./answering.ts";
import type { Calls } from "./calls.ts";
import { CatchUp } from "./catch-up.ts";
import { Contents } from "./contents.ts";
import { HeldEntries } from "./held-entries.ts";
import { Intake } from "./intake.ts";
import type { LeaderTable } from "./leader-table.ts";
import type { SharedLogParts } from "./log-options.ts";
import type { Presence } from "./presence.ts";
import { Prune } from "./prune.ts";
import { Pulls } from "./pulls.ts";
import { Pushing } from "./pushing.ts";
import { coordinateOf } from "./ring.ts";

export interface OpenedLog {
  readonly held: HeldEntries;
  readonly intake: Intake;
  readonly pushing: Pushing;
  readonly pulls: Pulls;
  readonly answering: Answering;
  readonly prune: Prune;
}

export interface OpeningParts {
  readonly log: SharedLogParts;
  readonly replicas: number;
  readonly calls: Calls;
  readonly presence: Presence;
  readonly table: LeaderTable;
  readonly acknowledgements: Acknowledgements;
  readonly closing: AbortSignal;
  readonly onTaken: (entries: readonly Entry[]) => void;
  readonly onEven: (peer: Author) => void;
  readonly onRefused: (peer: Author, error: HoldfastError) => void;
  readonly onError: (error: HoldfastError) => void;
}

/** Reads what the store holds. Throws what the store throws. */
export async function openLog(parts: OpeningParts): Promise<OpenedLog> {
  const { log, calls, presence, table, acknowledgements, closing, onTaken, onEven, onRefused, onError } = parts;
  const { self, holdings, time, readEntry = readEntryAside } = log;
  const held = await HeldEntries.of(holdings);
  const contents = new Contents({
    holdings,
    calls,
    holders: ({ entry }) => [...table.of(coordinateOf(entry))].filter((peer) => peer !== self),
  });
  const intake = new Intake({
    holdings,
    held,
    contents,
    readEntry,
    onTaken,
    onRefused,
  });
  const pushing = new Pushing({
    holdings,
    calls,
    onTaken: (peer, ids) => acknowledgements.taken(peer, ids),
    onFailure: (_peer, error) => {
      // Whoever has compared meanwhile was not told of what was on its way to it: it is to look again.
      held.index.touch();
      presence.soon();
      onError(error);
    },
  });
  const catchUp = new CatchUp({ held, calls, intake });
  const pulls = new Pulls({ time, presence, table, catchUp, closing, revision: () => held.revision, onEven, onError });
  const answering = new Answering({
    holdings,
    held,
    intake,
    isUnderWay: (peer, id) => pushing.isUnderWay(peer, id),
    isLeader: (coordinate) => table.isWanted(coordinate),
    // What `peer` sent is missing something: it is asked for everything, and what that does not bring will not come from it.
    settled: async (peer: Author, ids: readonly EntryId[]) => {
      await pulls.pull(peer, { anew: true });
      return ids.filter((id) => held.hasId(id));
    },
    onError,
    vouch: (epoch) => {
      if (log.vouch !== undefined) return log.vouch(epoch);
      throw new HoldfastError("BAD_OPTION", "this peer lets nobody bring its entries to a hub");
    },
  });
  const prune = new Prune({
    self,
    replicas: parts.replicas,
    holdings,
    held,
    calls,
    intake,
    leadersOf: (coordinate) => table.of(coordinate),
    isWanted: (coordinate) => table.isWanted(coordinate),
    onError,
  });
  return { held, intake, pushing, pulls, answering, prune };
}

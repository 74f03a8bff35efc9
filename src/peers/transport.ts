// What peers need of a network, as one port: connections to others who have proved who they are, and frames over them.
// libp2p-transport.ts is the real one, testing/simulated-network.ts one whose every delay and loss is chosen.

import type { Author } from "../entries/index.ts";

/** Bytes of one frame at the most; a longer one ends its connection. */
export const MAX_FRAME_BYTES = 4 * 1_024 * 1_024;

export interface TransportEvents {
  /** Told once for each peer, however many connections there are to it. */
  onConnected(peer: Author): void;
  onDisconnected(peer: Author): void;
  /** The sender is the peer that holds this key: the transport has made sure of it. */
  onFrame(peer: Author, frame: Uint8Array): void;
  /** Something that people should know: an address that does not answer, a peer that has our own key. */
  onNotice?(message: string): void;
  /** We can be reached otherwise than before. */
  onAddresses?(): void;
  /** Whether `peer` is one of ours: only between these is anything passed on. */
  isMember?(peer: Author): boolean;
}

export interface Transport {
  /** Our own key. */
  readonly self: Author;
  /** Listens and connects. Throws `PORT_IN_USE`, `BAD_ADDRESS`. */
  start(events: TransportEvents): Promise<void>;
  /** Ends all connections. */
  stop(): Promise<void>;
  /**
   * Sends one frame; frames to one peer arrive in this order or, from some point on, not at all. False when it cannot be sent: there
   * is no connection, or too much waits for it already.
   */
  send(peer: Author, frame: Uint8Array): boolean;
  /** Connects to a peer by an address it gave. Throws `PEER_UNREACHABLE`, `BAD_ADDRESS`. */
  connect(address: string): Promise<Author>;
  /** Tries to reach a peer, by these addresses and by whatever else is known of it; not at all when there is a connection. */
  reconnect(peer: Author, addresses?: readonly string[]): void;
  /** Where a peer that is connected can be reached, as it says. */
  addressesOf(peer: Author): Promise<readonly string[]>;
  /** Where others can reach us; empty when they cannot. */
  addresses(): readonly string[];
}

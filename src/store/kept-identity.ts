// This copy's key, `.holdfast/identity.json`, read when it is first used: reading versions and stopping a daemon need
// none, and go on where it is damaged or may not be read.

import { type Identity, newIdentity, readIdentity } from "../entries/index.ts";
import { HoldfastError, withPath } from "../errors.ts";
import { createFile } from "./create-file.ts";
import type { Layout } from "./layout.ts";

/** Its fields throw `CORRUPT`, `NO_PERMISSION`. */
export class KeptIdentity implements Identity {
  private readonly layout: Layout;
  private known: Identity | undefined;
  constructor(layout: Layout) {
    this.layout = layout;
  }
  get author(): Identity["author"] {
    return this.kept().author;
  }
  get privateKey(): Identity["privateKey"] {
    return this.kept().privateKey;
  }
  private read(): Identity | undefined {
    try {
      return readIdentity(this.layout.identityFile);
    } catch (error) {
      throw withPath(error, this.layout.identityFile);
    }
  }
  private kept(): Identity {
    this.known ??= this.read();
    if (this.known !== undefined) return this.known;
    createIdentity(this.layout);
    // Perhaps another process made one at the same time: there is one key, and it is the one on disk.
    this.known = this.read();
    if (this.known !== undefined) return this.known;
    throw new HoldfastError("CORRUPT", `${this.layout.identityFile} vanished while it was made`);
  }
}

/** Makes a key, unless there is one; false then. */
export function createIdentity(layout: Layout): boolean {
  return createFile(layout.identityFile, newIdentity().file, 0o600);
}

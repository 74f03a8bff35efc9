// An author who writes small entries, for tests of hubs and storages: what would be said by hand a hundred times, once.

import { hash } from "node:crypto";
import {
  type Entry,
  type EntryBody,
  type EntryId,
  type Identity,
  makeEntry,
  newIdentity,
} from "../../entries/index.ts";

export interface Written {
  readonly entry: Entry;
  readonly content: Uint8Array | undefined;
}

export class SampleAuthor {
  readonly identity: Identity = newIdentity().identity;
  readonly writer: string;
  private n = 0;

  constructor(writer = "writer") {
    this.writer = writer;
  }

  /** A note on `topic`, with a name of its own. */
  note(topic: string, text: string, changes: Partial<EntryBody> = {}): Written {
    return this.write({ collection: `notes/${topic}`, name: `${this.writer}-${this.n + 1}`, ...changes }, text);
  }

  /** A new document of the collection `files`. */
  create(name: string, text: string, changes: Partial<EntryBody> = {}): Written {
    return this.write({ name, doc: null, base: null, ...changes }, text);
  }

  /** The next version of the document whose head is `head`. */
  edit(doc: EntryId, head: Entry, text: string, changes: Partial<EntryBody> = {}): Written {
    return this.write({ name: head.name, collection: head.collection, doc, base: head.id, ...changes }, text);
  }

  move(doc: EntryId, head: Entry, name: string): Written {
    const { collection, content } = head;
    return this.write({ kind: "rename", name, from: head.name, collection, doc, base: head.id, content });
  }

  remove(doc: EntryId, head: Entry): Written {
    const { collection, name } = head;
    return this.write({ kind: "delete", name, collection, doc, base: head.id, content: null });
  }

  /** Any entry; a put of `text` when that is given. Each has the writer's next key. */
  write(body: Partial<EntryBody>, text?: string | Uint8Array): Written {
    this.n += 1;
    const content = text === undefined ? undefined : Buffer.from(text);
    const described = content && { hash: hash("sha256", content), size: content.length, type: "text/plain" };
    const entry = makeEntry(
      {
        collection: "files",
        name: "name",
        kind: "put",
        content: described ?? null,
        parents: [],
        clock: { wallMs: 1_700_000_000_000 + this.n, counter: 0 },
        tags: {},
        key: { writer: this.writer, n: this.n },
        ...body,
      },
      this.identity,
    );
    return { entry, content };
  }
}
